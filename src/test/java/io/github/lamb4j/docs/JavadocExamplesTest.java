package io.github.lamb4j.docs;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compiles the code examples in the Javadoc. */
class JavadocExamplesTest {

  private static final Pattern EXAMPLE =
      Pattern.compile("<pre>\\{@code\n(.*?)^[ *]*}</pre>", Pattern.DOTALL | Pattern.MULTILINE);

  /** Declares the names that the examples use. */
  private static final String TEMPLATE =
      """
      import io.github.lamb4j.*;
      import io.github.lamb4j.config.*;
      import io.github.lamb4j.model.*;
      import io.github.lamb4j.page.*;
      import io.github.lamb4j.report.*;
      import io.github.lamb4j.schedule.*;
      import java.nio.file.Path;
      import java.util.List;
      import jcuda.driver.*;

      abstract class Example {
        boolean training;
        CUstream stream;
        CUdeviceptr weight, weightGradient, bias, biasGradient;
        Lamb lamb;
        StepReport report;
        Schedule schedule;
        List<Parameter> weightParameters, parameters;

        abstract void enqueueForwardAndBackward(CUstream stream);

        abstract void computeGradients(float[] weights, float[] gradients);

        void run(LambBuilder builder) throws Exception {
          %s
        }
      }
      """;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "src/main/javadoc/overview.html",
        "src/main/java/io/github/lamb4j/Lamb.java",
        "src/main/java/io/github/lamb4j/LambBuilder.java",
        "src/main/java/io/github/lamb4j/config/Preset.java",
        "src/main/java/io/github/lamb4j/page/RunPage.java",
        "src/main/java/io/github/lamb4j/schedule/BatchScaling.java"
      })
  void shouldCompile(Path file, @TempDir Path folder) throws IOException {
    List<String> examples =
        EXAMPLE
            .matcher(Files.readString(file))
            .results()
            .map(example -> example.group(1).replaceAll("(?m)^ *\\* ?", ""))
            .toList();
    assertFalse(examples.isEmpty(), "no example in " + file);
    for (String example : examples) {
      Snippets.compile("Example", TEMPLATE.formatted(example), folder);
    }
  }
}
