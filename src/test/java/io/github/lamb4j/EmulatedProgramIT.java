package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.docs.MarkdownPage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guide's JCuda program, run without a GPU by the packaged jar with classifier testing. */
class EmulatedProgramIT {

  private static final String[] LIBRARIES = {"jcuda", "slf4j-api", "jackson-core"};

  /** Trains by the program, and again on the CPU with the gradients computed in Java. */
  private static final String MAIN =
      """
      package consumer;

      import io.github.lamb4j.BackendChoice;
      import io.github.lamb4j.Lamb;
      import io.github.lamb4j.config.Hyperparameters;
      import io.github.lamb4j.model.Parameter;
      import java.util.Arrays;

      public class Main {
        public static void main(String[] arguments) {
          System.out.println(BackendChoice.auto().reason());
          float[] weights = new float[5000];
          for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) Math.sin(i);
          }
          float[] trained = Regression.train(weights.clone(), 20);
          float[] gradients = new float[weights.length];
          try (Lamb lamb =
              Lamb.onCpu()
                  .group(
                      "all",
                      Hyperparameters.lamb(0.1),
                      Parameter.onHost("w", weights, gradients))
                  .build()) {
            for (int step = 0; step < 20; step++) {
              for (int i = 0; i < weights.length; i++) {
                gradients[i] = weights[i] - 1;
              }
              lamb.setLearningRate("all", 0.1 / (step + 1));
              lamb.step();
            }
          }
          System.out.println(
              Arrays.equals(weights, trained) ? "the same bits" : "other bits");
        }
      }
      """;

  @Test
  void shouldRunTheGuidesProgramWithoutAGpu(@TempDir Path directory) throws Exception {
    ConsumerProject project = new ConsumerProject(directory);
    String program =
        MarkdownPage.guide("testing.md").blocks().stream()
            .filter(block -> block.code().contains("class Regression"))
            .findFirst()
            .orElseThrow()
            .code();
    Files.createDirectories(project.sources().resolve("consumer"));
    Files.writeString(
        project.sources().resolve("consumer/Regression.java"), "package consumer;\n" + program);
    project.compile(null, MAIN, LIBRARIES);
    List<String> output =
        project.runClassesAfter(List.of(ConsumerProject.TESTING), LIBRARIES).lines().toList();
    assertTrue(output.get(output.size() - 2).contains("Emulated device"), output.toString());
    assertEquals("the same bits", output.get(output.size() - 1), output.toString());
  }
}
