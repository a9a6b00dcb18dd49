package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.internal.cuda.TestDevice;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The textbook LAMB: with cuBLAS on a GPU, with {@link EmulatedBlas} on the emulator. */
@Tag("gpu")
class TextbookLambTest {

  private static final BenchSettings SETTINGS = new BenchSettings(StepPath.AUTO, false, 1, true);

  static Blas blas(CudaDriver driver) {
    if (driver instanceof EmulatedDriver) {
      return new EmulatedBlas(driver);
    }
    try {
      return new Cublas();
    } catch (IllegalStateException e) {
      return abort(e.getMessage());
    }
  }

  private static long upload(TestDevice device, float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
    bytes.asFloatBuffer().put(values);
    return device.upload(bytes.array(), 0, "values");
  }

  private static float[] download(TestDevice device, long address) {
    float[] values = new float[2];
    ByteBuffer.wrap(device.download(address, 8))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer()
        .get(values);
    return values;
  }

  @Test
  void shouldComputeTheDocumentedFormulas() {
    try (TestDevice device = TestDevice.open();
        Blas blas = blas(device.driver())) {
      TensorShape shape = new TensorShape("w", List.of(2L), true, true);
      long w = upload(device, 3, 4);
      long g = upload(device, 1, -2);
      long m = upload(device, 0.5f, 1);
      long v = upload(device, 2, 1);
      long scratch = upload(device, 9, 9);
      TextbookLamb.Tensor tensor = new TextbookLamb.Tensor(shape, w, g, m, v);
      TextbookLamb lamb = new TextbookLamb(blas, List.of(tensor), scratch, SETTINGS);
      lamb.step();

      double[] m1 = {0.9 * 0.5 + 0.1, 0.9 - 0.2};
      double[] v1 = {0.999 * 2 + 0.001, 0.999 + 0.004};
      double[] u = {m1[0] * v1[0] + 0.03, m1[1] * v1[1] + 0.04};
      double step = SETTINGS.rate() * 5 / Math.hypot(u[0], u[1]);
      assertArrayEquals(floats(m1), download(device, m), 1e-6f);
      assertArrayEquals(floats(v1), download(device, v), 1e-6f);
      assertArrayEquals(floats(u), download(device, scratch), 1e-6f);
      assertArrayEquals(floats(3 - step * u[0], 4 - step * u[1]), download(device, w), 4e-7f);
      assertEquals(92 * 2, lamb.countedStep().bytes());
    }
  }

  private static float[] floats(double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
