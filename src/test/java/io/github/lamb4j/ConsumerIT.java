package io.github.lamb4j;

import static io.github.lamb4j.ConsumerProject.LIBRARY;
import static io.github.lamb4j.ConsumerProject.TESTING;
import static io.github.lamb4j.ConsumerProject.TOOLS;
import static io.github.lamb4j.ConsumerProject.entries;
import static io.github.lamb4j.ConsumerProject.find;
import static io.github.lamb4j.ConsumerProject.library;
import static io.github.lamb4j.ConsumerProject.path;
import static io.github.lamb4j.ConsumerProject.run;
import static io.github.lamb4j.ConsumerProject.tool;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jars, used as a program would use them. */
class ConsumerIT {

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

  private ConsumerProject project;

  @BeforeEach
  void createProject() {
    project = new ConsumerProject(directory);
  }

  @Test
  void shouldRunOnModulePathWithoutJCuda() throws Exception {
    project.compile(MODULE, PROGRAM, "slf4j-api", "jackson-core");
    String output = project.runModule("slf4j-api", "jackson-core");
    assertTrue(output.contains(PRINTED), output);
    assertTrue(output.contains(WITHOUT_JCUDA), output);
  }

  @Test
  void shouldUseVectorsOnModulePath() throws Exception {
    project.compile(MODULE, PROGRAM, "slf4j-api", "jackson-core");
    List<Path> entries =
        List.of(project.classes(), LIBRARY, library("slf4j-api"), library("jackson-core"));
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
    project.compile(CUDA_MODULE, CUDA_PROGRAM, "jcuda", "slf4j-api", "jackson-core");
    assertLoadsNatives(project.runModule("jcuda", "jcuda-natives", "slf4j-api", "jackson-core"));
  }

  @Test
  void shouldFindNativesOnClassPath() throws Exception {
    assumeTrue(find("jcuda-natives").isPresent(), "JCuda has no natives for this platform");
    project.compile(null, CUDA_PROGRAM, "jcuda", "slf4j-api", "jackson-core");
    assertLoadsNatives(project.runClasses("jcuda", "jcuda-natives", "slf4j-api", "jackson-core"));
    String output = project.runClasses("jcuda", "slf4j-api", "jackson-core");
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
    project.compile(MODULE, PROGRAM, "slf4j-api", "jackson-core");
    Path image = directory.resolve("image");
    run(
        tool("jlink"),
        "--module-path",
        path(project.classes(), LIBRARY, library("slf4j-api"), library("jackson-core")),
        "--add-modules",
        "consumer",
        "--output",
        image.toString());
    String output = run(image.resolve("bin/java").toString(), "-m", "consumer/consumer.Main");
    assertTrue(output.contains(PRINTED), output);
  }

  @Test
  void shouldRunOnClassPathWithAndWithoutJCuda() throws Exception {
    project.compile(null, PROGRAM, "slf4j-api", "jackson-core");
    String output = project.runClasses("jcuda", "slf4j-api", "jackson-core");
    assertTrue(output.contains(PRINTED), output);
    output = project.runClasses("slf4j-api", "jackson-core");
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
    Files.createDirectories(project.sources().resolve("consumer"));
    Files.writeString(project.sources().resolve("module-info.java"), MODULE);
    Files.writeString(
        project.sources().resolve("consumer/Main.java"),
        "package consumer; class Main { io.github.lamb4j.internal.engine.Engine e; }");
    ConsumerProject.Result result = project.compileSources(true, "slf4j-api", "jackson-core");
    assertFalse(result.exit() == 0);
    assertTrue(result.output().contains("not visible"), result.output());
  }

  @Test
  void shouldKeepToolsOutOfTheLibrary() throws IOException {
    assertEquals(
        List.of(),
        entries(LIBRARY).filter(e -> e.matches(".*lamb4j/(tools|emulator)/.+|jcuda/.*")).toList());
    assertTrue(entries(LIBRARY).anyMatch("module-info.class"::equals));
    assertEquals(
        List.of(),
        entries(TOOLS)
            .filter(e -> e.endsWith(".class") && !e.startsWith("io/github/lamb4j/tools/"))
            .toList());
    assertEquals(
        List.of(),
        entries(TESTING)
            .filter(e -> e.endsWith(".class"))
            .filter(e -> !e.startsWith("io/github/lamb4j/emulator/") && !e.startsWith("jcuda/"))
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
}
