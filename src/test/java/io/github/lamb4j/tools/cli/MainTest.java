package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.model.Parameter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The command itself, {@code lamb info}, and both as a process of their own. */
class MainTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"", "info", "step", "train"})
  void shouldHelpAndTellItsVersion(String command) {
    String name = ("lamb " + command).strip();
    Object[] none = command.isEmpty() ? new Object[0] : new Object[] {command};
    CommandRun help = CommandRun.done(with(none, "--help"));
    assertTrue(help.out().startsWith("Usage: " + name + " "), help.out());
    assertEquals(help, CommandRun.done(with(none, "-h")));
    CommandRun version = CommandRun.done(with(none, "--version"));
    assertTrue(version.out().matches("lamb4j \\S+\\R"), version.out());
  }

  private static Object[] with(Object[] arguments, Object last) {
    Object[] all = Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = last;
    return all;
  }

  @Test
  void shouldNameTheOptionsOfAStep() {
    String help = CommandRun.done("step", "--help").out();
    for (String option :
        List.of(
            "--params=FILE",
            "--grads=FILE",
            "--state=FILE",
            "--out=DIR",
            "--lr=LR[,LR...]",
            "--preset=NAME",
            "--[no-]decoupled-decay",
            "--bias-correction=WHERE",
            "--no-bias-correction",
            "--no-grad-averaging",
            "--lans",
            "--max-grad-norm=X",
            "--grad-scale=X",
            "--skip-nonfinite",
            "--no-decay=REGEX",
            "--no-adapt=REGEX",
            "--backend=NAME",
            "--threads=N")) {
      assertTrue(help.contains(option), option + " is not in: " + help);
    }
    assertTrue(help.lines().allMatch(line -> line.length() <= 80), help);
  }

  @Test
  void shouldSayWhatWouldRunAndWhy() {
    BackendChoice choice = BackendChoice.auto();
    List<String> lines = CommandRun.done("info").out().lines().toList();
    assertEquals(
        "backend      " + choice.backend().toUpperCase(Locale.ROOT) + ": " + choice.reason(),
        lines.get(0));
    List<String> rows = lines.stream().map(line -> line.split(" ")[0]).toList();
    assertEquals(
        List.of(
            "backend", "device", "driver", "kernels", "processors", "java", "platform", "versions"),
        rows);
    assertTrue(
        lines.get(7).matches("versions     lamb4j \\S+, jcuda \\d+\\.\\d+\\.\\d+"), lines.get(7));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|lamb: no command given: info, step, train, report or bench (see lamb --help)",
        "fly|lamb: Unmatched argument at index 0: 'fly' (see lamb --help)",
        "--fly|lamb: Unknown option: '--fly' (see lamb --help)",
        "info --fly|lamb info: Unknown option: '--fly' (see lamb info --help)",
        "info step|lamb info: Unmatched argument at index 1: 'step' (see lamb info --help)",
        "step --fly=1|lamb step: Missing required options",
        "train --epochs=0|lamb train: --epochs 0: must be at least 1 (see lamb train --help)",
      })
  void shouldRefuseWhatItDoesNotKnow(String line, String message) throws IOException {
    Object[] arguments = line.isEmpty() ? new Object[0] : line.split(" ");
    CommandRun.refused(folder, message, arguments);
  }

  private CommandRun start(Object... arguments) throws IOException, InterruptedException {
    return start(List.of(), arguments);
  }

  private CommandRun start(List<String> shell, Object... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(shell);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xmx24m", "-XX:-UsePerfData"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("io.github.lamb4j.tools.cli.Main");
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
    Path out = folder.resolve("stdout");
    Path err = folder.resolve("stderr");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    return new CommandRun(
        process.waitFor(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  @Test
  void shouldStepAsAProcess() throws IOException, InterruptedException {
    Path model = new Checkpoint().f32("w", 1, 2).write(folder.resolve("m"));
    Path out = folder.resolve("out");
    CommandRun run = start("step", "--params", model, "--grads", model, "--lr=1", "--out", out);
    String said =
        "1 tensor(s) with weight decay 0.01, layer adaptation on%n1 step(s), now at step 1; results are in %s%n"
            .formatted(out);
    assertEquals(new CommandRun(0, said, ""), run);
    assertEquals(1, TrustJson.read(out.resolve("trust.json")).size());
  }

  @Test
  void shouldRefuseAsAProcess() throws IOException, InterruptedException {
    CommandRun run = start("step", "--params", "none", "--grads", "x", "--lr=1", "--out", "y");
    run.assertRefusal();
    assertEquals("lamb step: none: no such file%n".formatted(), run.err());
  }

  @Test
  void shouldRefuseAModelThatDoesNotFitTheHeap() throws IOException, InterruptedException {
    Path model = new Checkpoint().f32("w", new float[2_000_000]).write(folder.resolve("m"));
    Path out = folder.resolve("out");
    CommandRun run =
        start("step", "--params", model, "--grads", model, "--lr=1", "--out", out, "--backend=cpu");
    run.assertRefusal();
    assertTrue(run.err().matches("lamb step: .*Java heap.* MiB: raise .*-Xmx.*\\R"), run.err());
    assertTrue(Files.notExists(out));
  }

  private static CommandRun end(Exception failure) throws Exception {
    CommandLine lamb = Main.commandLine();
    StringWriter err = new StringWriter();
    lamb.setErr(new PrintWriter(err));
    int exit = lamb.getExecutionExceptionHandler().handleExecutionException(failure, lamb, null);
    return new CommandRun(exit, "", err.toString());
  }

  private static CudaException driverFailure() {
    return new CudaException("cuMemAlloc", 2, "CUDA_ERROR_OUT_OF_MEMORY", "testing");
  }

  @Test
  void shouldFailRatherThanRefuseWhenADriverCallFails() throws Exception {
    String said =
        "lamb: cuMemAlloc failed with CUDA_ERROR_OUT_OF_MEMORY (2) while testing%n".formatted();
    assertEquals(new CommandRun(1, "", said), end(driverFailure()));
  }

  /** Whatever the cause is: one that alone would be a refusal, too. */
  @Test
  void shouldFailWhenAStepFailsPartway() throws Exception {
    Backend failing =
        (Backend)
            Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("step")) {
                    throw new OutOfMemoryError("Java heap space");
                  }
                  return method.getReturnType() == boolean.class ? false : null;
                });
    Lamb lamb =
        LambBuilders.onHost((groups, settings) -> failing)
            .group("g", Hyperparameters.lamb(1), Parameter.onHost("w", new float[1], new float[1]))
            .build();
    IllegalStateException failure = assertThrows(IllegalStateException.class, lamb::step);
    CommandRun run = end(failure);
    assertEquals(1, run.exitCode());
    assertTrue(run.err().contains("step 1 failed partway"), run.err());
    assertTrue(run.err().contains("Cause: Java heap space"), run.err());
  }

  @Test
  void shouldRefuseWhatThisMachineLacks() throws Exception {
    Error library = new NoClassDefFoundError("com/sun/jna/Native");
    Error memory = new OutOfMemoryError("Java heap space");
    IllegalStateException missing = new IllegalStateException("install it", library);
    assertEquals(2, end(missing).exitCode());
    assertEquals(2, end(new IllegalStateException("install it, or use x", missing)).exitCode());
    assertEquals(2, end(new IllegalStateException("raise -Xmx", memory)).exitCode());
    assertEquals(2, end(new IllegalStateException("close it first")).exitCode());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void shouldFailRatherThanRefuseWhenTheDiskIsFull() throws IOException, InterruptedException {
    Path model = new Checkpoint().f32("w", new float[100_000]).write(folder.resolve("m"));
    Path out = folder.resolve("out");
    // A limit of 200 KiB for each file, without the JVM's own file of performance data.
    List<String> shell = List.of("bash", "-c", "ulimit -f 200; exec \"$@\"", "bash");
    CommandRun run =
        start(shell, "step", "--params", model, "--grads", model, "--out", out, "--lr=1");
    assertEquals(1, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("cannot be written: "), run.err());
    assertEquals("", run.out());
  }

  private static final String UNWRITTEN =
      "standard output: cannot be written completely; make room, or direct it elsewhere";

  @ParameterizedTest
  @ValueSource(strings = {"info", "step --dry-run", "step", "train", "bench", "info --help"})
  void shouldFailIfItsOutputCannotBeWritten(String line) throws IOException {
    List<Object> arguments = new ArrayList<>(List.of((Object[]) line.split(" ")));
    Path model = new Checkpoint().f32("w", 1, 2).write(folder.resolve("m"));
    switch (arguments.get(0).toString()) {
      case "step" ->
          arguments.addAll(
              List.of(
                  "--params", model, "--grads", model, "--lr=1", "--out", folder.resolve("out")));
      case "train" ->
          arguments.addAll(
              List.of("--max-examples=1000", "--epochs=1", "--batch-size=300", "--backend=cpu"));
      case "bench" -> {
        Path shapes = folder.resolve("shapes.json");
        Files.writeString(shapes, "[{\"name\": \"w\", \"shape\": [2]}]");
        arguments.addAll(List.of("--model", shapes, "--repeat=1", "--backend=cpu"));
      }
      default -> {}
    }
    StringWriter err = new StringWriter();
    int exitCode =
        Main.commandLine()
            .setOut(new PrintWriter(new FullDevice()))
            .setErr(new PrintWriter(err))
            .execute(arguments.stream().map(String::valueOf).toArray(String[]::new));
    assertEquals(1, exitCode, err.toString());
    String last = err.toString().lines().reduce("", (a, b) -> b);
    assertEquals("lamb " + line.split(" ")[0] + ": " + UNWRITTEN, last);
  }

  /** Takes some characters and then no more, as a disk does. */
  private static final class FullDevice extends Writer {
    private int room = 20;

    @Override
    public void write(char[] text, int offset, int length) throws IOException {
      room -= length;
      if (room < 0) {
        throw new IOException("No space left on device");
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void shouldFailAsAProcessIfItsOutputCannotBeWritten() throws IOException, InterruptedException {
    List<String> shell = List.of("bash", "-c", "exec \"$@\" > /dev/full", "bash");
    String said = "lamb info: " + UNWRITTEN + System.lineSeparator();
    assertEquals(new CommandRun(1, "", said), start(shell, "info"));
  }
}
