package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.TestDevice;
import io.github.lamb4j.tools.progress.Progress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A complete benchmark of a tiny model, on a GPU or the emulator. */
@Tag("gpu")
class BenchOnDeviceTest {

  private static final ModelShapes MODEL =
      new ModelShapes(
          "tiny",
          "Tiny",
          List.of(
              new TensorShape("weight", List.of(30L, 100L), true, true),
              new TensorShape("bias", List.of(30L), false, false)));

  @Test
  void shouldTimeAllContenders() throws IOException {
    try (TestDevice device = TestDevice.open()) {
      BackendChoice choice = new BackendChoice("cuda", "a test");
      BenchSettings settings = new BenchSettings(StepPath.AUTO, true, 1, true);
      Bench bench = new Bench(settings, OptionalInt.of(2), line -> {}, Progress.SILENT);
      BenchReport report =
          bench.onCuda(
              choice,
              List.of(MODEL),
              device.driver(),
              () -> TextbookLambTest.blas(device.driver()));
      ByteArrayOutputStream json = new ByteArrayOutputStream();
      report.writeJson(json);
      Map<String, String> fields = BenchReportTest.fields(json.toString(StandardCharsets.UTF_8));
      String[] names = {"copy", "AdamW", "LAMB single-pass", "LAMB two-pass", TextbookLamb.NAME};
      String[] launches = {"1", "8", "8", "10", "19"};
      for (int i = 0; i < names.length; i++) {
        assertEquals(names[i], fields.get("/results/" + i + "/name"));
        assertEquals(launches[i], fields.get("/results/" + i + "/launches"), names[i]);
        assertTrue(Double.parseDouble(fields.get("/results/" + i + "/median_ms")) >= 0);
      }
      assertEquals(
          "the first 2 steps gave the CPU's bits: weights, moments and norms of AdamW, LAMB"
              + " single-pass, LAMB two-pass",
          fields.get("/check"));
      assertTrue(Double.parseDouble(fields.get("/theoretical_gigabytes_per_second")) > 0);
      // Two passes and clipping take 44 bytes; the biases, which are not adapted, take 32.
      double bytes = Double.parseDouble(fields.get("/results/3/bytes_per_parameter"));
      assertEquals(44 - 12.0 / 101, bytes, 1e-9);
      assertTrue(fields.get("/machine/device").length() > 2);
    }
  }
}
