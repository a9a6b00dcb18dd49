package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs {@link SmallHeapProgram} with less memory than its threads, sums or buffers need. */
class SmallHeapTest {

  @ParameterizedTest
  @Timeout(60)
  @CsvSource(
      delimiter = '|',
      value = {
        "threads | 80m | refused: threads 123: cannot be started: ",
        "microBatches | 80m | refused: microBatches 65536, ranks 1: not enough memory",
        "ranks | 200m | refused: microBatches 1, ranks 2: not enough memory",
      })
  void shouldRefuseWhatDoesNotFitAndReleaseIt(String scenario, String heap, String refusal)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx" + heap,
                "-XX:MaxDirectMemorySize=1m",
                "-cp",
                System.getProperty("java.class.path"),
                SmallHeapProgram.class.getName(),
                scenario)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains(refusal), output);
    assertTrue(output.contains("the next one fits"), output);
  }
}
