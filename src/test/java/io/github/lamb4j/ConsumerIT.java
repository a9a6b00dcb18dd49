package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jars, used as a program would use them. */
class ConsumerIT {

  private static final Path LIBRARY = Path.of("target/lamb4j.jar");
  private static final Path TOOLS = Path.of("target/lamb4j-tools.jar");

  private static final String MODULE =
      """
      module consumer {
        requires io.github.lamb4j;
      }
      """;

  private static final String CUDA_MODULE =
      """
      module consumer {
        requires io.github.lamb4j;
        requires jcuda;
      }
      """;

  /** Does not mention JCuda. */
  private static final String PROGRAM =
      """
      package consumer;

      import io.github.lamb4j.BackendChoice;
      import io.github.lamb4j.JCudaNatives;
      import io.github.lamb4j.Lamb;
      import io.github.lamb4j.config.Hyperparameters;
      import io.github.lamb4j.model.Parameter;
      import io.github.lamb4j.report.StepReport;
      import io.github.lamb4j.schedule.Schedule;
      import java.io.IOException;
      import java.nio.file.Files;
      import java.nio.file.Path;

      public class Main {
        public static void main(String[] arguments) throws IOException {
          JCudaNatives.unpack(); // nothing to do
          float[] weights = {1, 2};
          try (Lamb lamb =
              Lamb.on(BackendChoice.auto())
                  .group(
                      "all",
                      Hyperparameters.lamb(Schedule.constant(0.5)),
                      Parameter.onHost("w", weights, new float[] {3, 4}))
                  .build()) {
            lamb.step();
            StepReport report = lamb.newReport();
            lamb.report(report);
            System.out.println(report.step() + " " + weights[0] + " " + weights[1]);
            System.out.println("trust ratio " + lamb.layerStats().get(0).trustRatio());
            Path state = Files.createTempFile("state", ".safetensors");
            lamb.save(state);
            lamb.load(state);
            Files.delete(state);
          }
          System.out.println(BackendChoice.auto().reason());
        }
      }
      """;

  /** Fails on a machine without a driver, but only after JCuda has loaded its natives. */
  private static final String CUDA_PROGRAM =
      """
      package consumer;

      import io.github.lamb4j.JCudaNatives;
      import io.github.lamb4j.Lamb;
      import jcuda.driver.CUstream;

      public class Main {
        public static void main(String[] arguments) {
          JCudaNatives.unpack();
          try {
            Lamb.onCuda(new CUstream());
            System.out.println("CUDA");
          } catch (IllegalStateException e) {
            System.out.println(e.getMessage());
          }
        }
      }
      """;

  /** The same bits on every backend: r = (1.01, 1.02), ratio 1.5578, step size 0.7789. */
  private static final String PRINTED = "1 0.21333459 1.2055458";

  private static final String WITHOUT_JCUDA =
      "no CUDA: JCuda is not on the class path; to use a GPU, add the dependency org.jcuda:jcuda,"
          + " version 10.2.0 to 12.6.0";

  @TempDir Path directory;

  @Test
  void shouldRunOnModulePathWithoutJCuda() throws Exception {
    compile(MODULE, PROGRAM, "slf4j-api", "jackson-core");
    String output = runModule("slf4j-api", "jackson-core");
    assertTrue(output.contains(PRINTED), output);
    assertTrue(output.contains(WITHOUT_JCUDA), output);
  }

  @Test
  void shouldUseVectorsOnModulePath() throws Exception {
    compile(MODULE, PROGRAM, "slf4j-api", "jackson-core");
    List<Path> entries = List.of(classes(), LIBRARY, library("slf4j-api"), library("jackson-core"));
    String output =
        run(
            tool("java"),
            "--add-modules",
            "jdk.incubator.vector",
            "--module-path",
            path(entries.toArray(Path[]::new)),
            "-m",
            "consumer/consumer.Main");
    assertTrue(output.contains(PRINTED), output);
  }

  @Test
  void shouldFindNativesOnModulePath() throws Exception {
    assumeTrue(find("jcuda-natives").isPresent(), "JCuda has no natives for this platform");
    compile(CUDA_MODULE, CUDA_PROGRAM, "jcuda", "slf4j-api", "jackson-core");
    assertLoadsNatives(runModule("jcuda", "jcuda-natives", "slf4j-api", "jackson-core"));
  }

  @Test
  void shouldFindNativesOnClassPath() throws Exception {
    assumeTrue(find("jcuda-natives").isPresent(), "JCuda has no natives for this platform");
    compile(null, CUDA_PROGRAM, "jcuda", "slf4j-api", "jackson-core");
    assertLoadsNatives(runClasses("jcuda", "jcuda-natives", "slf4j-api", "jackson-core"));
    String output = runClasses("jcuda", "slf4j-api", "jackson-core");
    assertTrue(
        output.contains("add the dependency org.jcuda:jcuda-natives:12.6.0:linux-x86_64"), output);
  }

  private static void assertLoadsNatives(String output) {
    assertTrue(
        output.contains("CUDA" + System.lineSeparator())
            || output.contains("no NVIDIA driver (libcuda.so.1) is installed"),
        output);
  }

  @Test
  void shouldLinkIntoRuntimeImage() throws Exception {
    compile(MODULE, PROGRAM, "slf4j-api", "jackson-core");
    Path image = directory.resolve("image");
    run(
        tool("jlink"),
        "--module-path",
        path(classes(), LIBRARY, library("slf4j-api"), library("jackson-core")),
        "--add-modules",
        "consumer",
        "--output",
        image.toString());
    String output = run(image.resolve("bin/java").toString(), "-m", "consumer/consumer.Main");
    assertTrue(output.contains(PRINTED), output);
  }

  @Test
  void shouldRunOnClassPathWithAndWithoutJCuda() throws Exception {
    compile(null, PROGRAM, "slf4j-api", "jackson-core");
    String output = runClasses("jcuda", "slf4j-api", "jackson-core");
    assertTrue(output.contains(PRINTED), output);
    output = runClasses("slf4j-api", "jackson-core");
    assertTrue(output.contains(PRINTED), output);
    assertTrue(output.contains(WITHOUT_JCUDA), output);
  }

  /** Otherwise JCuda's version would not be the program's choice. */
  @Test
  void shouldPassNoJCudaOnToPrograms() throws IOException {
    List<String> dependencies =
        Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("pom.xml")))
            .results()
            .map(match -> match.group(1))
            .filter(dependency -> dependency.strip().startsWith("<groupId>org.jcuda<"))
            .toList();
    assertEquals(4, dependencies.size());
    for (String dependency : dependencies) {
      assertTrue(dependency.contains("<optional>true</optional>"), dependency);
    }
  }

  @Test
  void shouldNotExportInternals() throws Exception {
    Files.createDirectories(sources().resolve("consumer"));
    Files.writeString(sources().resolve("module-info.java"), MODULE);
    Files.writeString(
        sources().resolve("consumer/Main.java"),
        "package consumer; class Main { io.github.lamb4j.internal.engine.Engine e; }");
    Result result = compileSources(true, "slf4j-api", "jackson-core");
    assertFalse(result.exit == 0);
    assertTrue(result.output.contains("not visible"), result.output);
  }

  @Test
  void shouldKeepToolsOutOfTheLibrary() throws IOException {
    assertEquals(
        List.of(),
        entries(LIBRARY).filter(e -> e.matches(".*lamb4j/(tools|emulator)/.+")).toList());
    assertTrue(entries(LIBRARY).anyMatch("module-info.class"::equals));
    assertEquals(
        List.of(),
        entries(TOOLS)
            .filter(e -> e.endsWith(".class") && !e.startsWith("io/github/lamb4j/tools/"))
            .toList());
    assertTrue(Files.exists(Path.of("target/lamb4j-sources.jar")));
    assertTrue(Files.exists(Path.of("target/lamb4j-javadoc.jar")));
    assertEquals(
        List.of(),
        entries(Path.of("target/lamb4j-javadoc.jar"))
            .filter(e -> e.startsWith("io/github/lamb4j/internal"))
            .toList());
  }

  @Test
  void shouldRunToolsFromTheirJar() throws Exception {
    String output =
        run(
            tool("java"),
            "-cp",
            path(TOOLS, LIBRARY, Path.of("target/lib/*")),
            "io.github.lamb4j.tools.cli.Main",
            "info");
    assertTrue(output.lines().anyMatch(line -> line.startsWith("backend ")), output);
  }

  private Path sources() {
    return directory.resolve("src");
  }

  private Path classes() {
    return directory.resolve("classes");
  }

  /** Compiles without warnings; the module descriptor may be null. */
  private void compile(String module, String program, String... libraries) throws Exception {
    Files.createDirectories(sources().resolve("consumer"));
    Files.writeString(sources().resolve("consumer/Main.java"), program);
    if (module != null) {
      Files.writeString(sources().resolve("module-info.java"), module);
    }
    Result result = compileSources(module != null, libraries);
    assertEquals(0, result.exit, result.output);
  }

  private Result compileSources(boolean module, String... libraries) throws Exception {
    List<Path> entries = new ArrayList<>(List.of(LIBRARY));
    for (String name : libraries) {
      entries.add(library(name));
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                tool("javac"),
                "-Xlint:all,-requires-automatic,-classfile",
                "-Werror",
                "-d",
                classes().toString(),
                module ? "--module-path" : "-classpath",
                path(entries.toArray(Path[]::new))));
    try (Stream<Path> files = Files.walk(sources())) {
      files.filter(f -> f.toString().endsWith(".java")).map(Path::toString).forEach(command::add);
    }
    return execute(command.toArray(String[]::new));
  }

  private String runModule(String... libraries) throws Exception {
    List<Path> entries = new ArrayList<>(List.of(classes(), LIBRARY));
    for (String name : libraries) {
      entries.add(library(name));
    }
    return run(
        tool("java"),
        "-Djava.io.tmpdir=" + Files.createTempDirectory(directory, "tmp"),
        "--module-path",
        path(entries.toArray(Path[]::new)),
        "-m",
        "consumer/consumer.Main");
  }

  private String runClasses(String... libraries) throws Exception {
    List<Path> entries = new ArrayList<>(List.of(classes(), LIBRARY));
    for (String name : libraries) {
      entries.add(library(name));
    }
    return run(
        tool("java"),
        "-Djava.io.tmpdir=" + Files.createTempDirectory(directory, "tmp"),
        "-cp",
        path(entries.toArray(Path[]::new)),
        "consumer.Main");
  }

  private static String path(Path... entries) {
    return Arrays.stream(entries)
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The jar of one of the library's dependencies. */
  private static Path library(String name) throws IOException {
    return find(name).orElseThrow();
  }

  private static Optional<Path> find(String name) throws IOException {
    try (Stream<Path> jars = Files.list(Path.of("target/lib"))) {
      return jars.filter(
              jar -> jar.getFileName().toString().matches(name + "-[0-9.]+(-linux-x86_64)?\\.jar"))
          .findFirst();
    }
  }

  private static Stream<String> entries(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream().map(Object::toString).toList().stream();
    }
  }

  private static String tool(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  private record Result(int exit, String output) {}

  private static String run(String... command) throws Exception {
    Result result = execute(command);
    assertEquals(0, result.exit, result.output);
    return result.output;
  }

  private static Result execute(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES), () -> "hangs: " + List.of(command));
    return new Result(process.exitValue(), output);
  }
}
