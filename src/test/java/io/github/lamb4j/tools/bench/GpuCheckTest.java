package io.github.lamb4j.tools.bench;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.summingInt;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code scripts/gpu-check} in a package whose Java runtime is a shell script. */
@EnabledOnOs(OS.LINUX)
class GpuCheckTest {

  private static final String ON_GPU = "*Main' info'*) echo 'backend  CUDA: a GPU' ;;\n";

  /** A result of lamb bench: the median depends on the folder of kernels. */
  private static final String BENCH =
      """
      *' bench '*)
        median=2
        case "$*" in *kernels/fast*) median=1 ;; *kernels/slow*) median=3 ;; esac
        while [ $# -gt 0 ]; do
          [ "$1" != --json ] || printf '"name" : "LAMB single-pass",\\n"median_ms" : %s,\\n' $median >"$2"
          shift
        done ;;
      """;

  @TempDir Path folder;

  private Path bundle;
  private Path results;
  private String output;

  @BeforeEach
  void preparePackage() throws IOException {
    bundle = folder.resolve("lamb4j");
    results = folder.resolve("results");
    for (String name : List.of("bin", "lib", "natives", "tests/classes", "tests/lib")) {
      Files.createDirectories(bundle.resolve(name));
    }
    Files.createDirectories(bundle.resolve("runtime/bin"));
    Files.copy(Path.of("scripts/gpu-check"), bundle.resolve("bin/gpu-check"));
    program(bundle.resolve("bin/lamb"), "exit 0");
  }

  private static void program(Path file, String body) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Makes the Java runtime a shell script with these cases of its command line. */
  private void java(String... cases) throws IOException {
    program(
        bundle.resolve("runtime/bin/java"),
        "echo \"$CUDA_CACHE_PATH\" >'%s'\ncase \"$*\" in\n%s\nesac"
            .formatted(folder.resolve("cache"), String.join("", cases)));
  }

  private Process start(Object... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(List.of("bash", bundle.resolve("bin/gpu-check").toString()));
    Arrays.stream(arguments).map(Object::toString).forEach(command::add);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
    builder.environment().remove("CUDA_CACHE_PATH");
    return builder.redirectOutput(folder.resolve("out").toFile()).start();
  }

  private int run(Object... arguments) throws IOException, InterruptedException {
    Process process = start(arguments);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    output = Files.readString(folder.resolve("out"));
    return process.exitValue();
  }

  /** The outcome of each part in the summary. */
  private List<String> outcomes() throws IOException {
    return Files.readAllLines(results.resolve("summary.txt")).stream()
        .skip(1)
        .filter(line -> !line.startsWith("cuBLAS"))
        .map(line -> line.replaceAll("^(\\S+) +(not run|no GPU|exit \\d+|\\S+) .*", "$1: $2"))
        .toList();
  }

  private List<String> archived() throws IOException, InterruptedException {
    Process tar = new ProcessBuilder("tar", "tzf", results + ".tar.gz").start();
    List<String> names = tar.inputReader().lines().toList();
    assertEquals(0, tar.waitFor());
    return names;
  }

  @Test
  void shouldListPartsWhoseLimitsFitTheirCalls() throws IOException, InterruptedException {
    assertEquals(0, run("list"));
    Map<String, Integer> seconds =
        output
            .lines()
            .map(line -> line.split(" +"))
            .flatMap(p -> Stream.of(p[1].split(",")).map(call -> Map.entry(call, p[2])))
            .collect(
                groupingBy(Map.Entry::getKey, summingInt(e -> Integer.parseInt(e.getValue()))));
    for (String call : List.of("call-1", "call-2", "call-3")) {
      assertTrue(seconds.get(call) > 0 && seconds.get(call) < 550, seconds.toString());
    }
    // A quarter of an hour, with a minute for starting each job.
    assertTrue(seconds.get("first") + seconds.get("second") <= 900 - 2 * 60, seconds.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "\"\"|expected 'list' or 'run'",
        "walk|expected 'list' or 'run'",
        "run|no part given; gpu-check list shows them",
        "run warp|unknown part or call warp; gpu-check list shows them",
        "run all .*|unknown part or call all",
        "run --frobnicate info|unknown option --frobnicate",
        "run info --budget|--budget needs a value",
        "run info --budget 1m|--budget 1m: must be a number of seconds",
        "run info --variants /no/such|--variants /no/such: contains no NAME/lamb.ptx",
        "run info --first /no/such.jar|--first /no/such.jar: not found",
      })
  void shouldRejectBadArguments(String arguments, String message)
      throws IOException, InterruptedException {
    assertEquals(2, run((Object[]) arguments.split(" ")));
    assertTrue(output.startsWith("gpu-check: ") && output.contains(message), output);
  }

  @Test
  void shouldRejectAFolderThatIsNotEmpty() throws IOException, InterruptedException {
    Files.createDirectories(results.resolve("old"));
    assertEquals(2, run("run", "info", "--results", results));
    assertTrue(output.contains(results + " is not empty; choose another folder"), output);
  }

  @Test
  void shouldReportEveryPartWithoutAGpu() throws IOException, InterruptedException {
    java("*Main' info'*) echo 'backend  CPU: no driver' ;;\n");
    assertEquals(1, run("run", "first", "stress", "compile", "--results", results));
    assertEquals(
        List.of(
            "facts: no GPU",
            "info: passed",
            "parity: no GPU",
            "bench: no GPU",
            "bench-clip: no GPU",
            "bench-small: no GPU",
            "stress: no GPU",
            "compile: no GPU"),
        outcomes());
    assertTrue(output.contains("no driver"), output);
    assertTrue(archived().containsAll(List.of("results/summary.txt", "results/info.log")));
  }

  @Test
  void shouldWriteTheArchiveWhenTerminated() throws IOException, InterruptedException {
    Path running = folder.resolve("running");
    java(ON_GPU, "*' bench '*) echo begun; echo $$ >'" + running + "'; sleep 60 ;;\n");
    Process process = start("run", "info", "bench", "bench-small", "--results", results);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!Files.exists(running) || Files.size(running) == 0) {
      assertTrue(System.nanoTime() < deadline, "the benchmark has not begun");
      Thread.sleep(20);
    }
    process.destroy(); // SIGTERM
    assertTrue(process.waitFor(10, TimeUnit.SECONDS), "still running");
    assertEquals(1, process.exitValue());
    assertEquals(List.of("info: passed", "bench: killed"), outcomes());
    assertTrue(archived().contains("results/bench.log"));
    assertEquals("begun\n", Files.readString(results.resolve("bench.log")));
    long child = Long.parseLong(Files.readString(running).strip());
    ProcessHandle.of(child).ifPresent(c -> c.onExit().orTimeout(5, TimeUnit.SECONDS).join());
  }

  /** Every peer that it names, although no shapes were written that could be timed. */
  @ParameterizedTest
  @ValueSource(strings = {"peers", "compile"})
  void shouldNamePeersThatExist(String part) throws IOException, InterruptedException {
    java(ON_GPU);
    Files.copy(Path.of("scripts/bench-peers.py"), bundle.resolve("bin/bench-peers.py"));
    program(
        folder.resolve("bin/python3"),
        "[ \"$1\" = -c ] && exit 0\nPATH='%s' exec python3 \"$@\""
            .formatted(System.getenv("PATH")));
    assertEquals(1, run("run", part, "--results", results));
    String log = Files.readString(results.resolve(part + ".log"));
    assertTrue(log.contains("shapes.json: No such file"), log);
  }

  @Test
  void shouldLimitEachPartAndAllTogether() throws IOException, InterruptedException {
    java(ON_GPU, "*' bench '*) sleep 60 ;;\n");
    assertEquals(1, run("run", "bench", "bench-clip", "--budget", 10, "--results", results));
    assertEquals(List.of("bench: exit 124", "bench-clip: not run"), outcomes());
    assertTrue(output.contains("the budget of 10 s is spent"), output);
  }

  /** For example a runtime that needs a newer C library. */
  @Test
  void shouldSayThatLambDoesNotRun() throws IOException, InterruptedException {
    java("*' info'*) echo GLIBC_2.34 not found >&2; exit 1 ;;\n");
    assertEquals(1, run("run", "bench", "--results", results));
    assertEquals(List.of("probe: failed"), outcomes());
    assertTrue(Files.readString(results.resolve("probe.log")).contains("GLIBC_2.34"));
  }

  @ParameterizedTest
  @CsvSource({
    "parity, *ConsoleLauncher*) exit 1 ;;",
    "bench, *' bench '*) echo lamb: the device computes other numbers than the CPU; exit 1 ;;"
  })
  void shouldStopWhenBitsDiffer(String part, String java) throws IOException, InterruptedException {
    java(ON_GPU, java + "\n");
    assertEquals(1, run("run", part, "bench-small", "--results", results));
    assertEquals(List.of(part + ": exit 1", "bench-small: not run"), outcomes());
    assertTrue(output.contains(part + " did not pass: see " + results), output);
    assertTrue(archived().contains("results/" + part + ".log"));
  }

  @Test
  void shouldTimeVariantsBetweenTheCommittedKernelsAndCountTheFastest()
      throws IOException, InterruptedException {
    java(ON_GPU, BENCH);
    program(
        folder.resolve("bin/ncu"),
        "echo \"$*\" >>'" + folder.resolve("ncu") + "'; echo dram__bytes_read.sum 1");
    Path variants = folder.resolve("variants");
    for (String name : List.of("fast", "slow")) {
      Files.createDirectories(variants.resolve(name));
      Files.writeString(variants.resolve(name).resolve("lamb.ptx"), name);
    }
    assertEquals(0, run("run", "second", "--variants", variants, "--results", results), output);
    assertEquals(
        List.of(
            "variant-base-first: passed",
            "variant-fast: passed",
            "variant-slow: passed",
            "variant-base-last: passed",
            "counters-base: passed",
            "counters-fast: passed"),
        outcomes());
    List<String> counted = Files.readAllLines(folder.resolve("ncu"));
    assertTrue(counted.get(0).contains("--clock-control none"), counted.get(0));
    assertTrue(counted.get(0).contains("kernels/none:"), counted.get(0));
    assertTrue(counted.get(1).contains("kernels/fast:"), counted.get(1));
    assertTrue(archived().contains("results/variant-slow.json"));
  }

  @Test
  void shouldGiveTheDriverACacheThatIsNotArchived() throws IOException, InterruptedException {
    java(ON_GPU);
    assertEquals(0, run("run", "info", "--results", results), output);
    Path cache = results.resolve("cuda-cache");
    assertEquals(cache.toString(), Files.readString(folder.resolve("cache")).strip());
    Files.createDirectories(cache);
    assertFalse(archived().toString().contains("cuda-cache"));
  }
}
