package io.github.lamb4j.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.StepPath;
import io.github.lamb4j.cuda.emulator.EmulatedDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.Test;

class TextbookLambTest {

  private static long upload(EmulatedDriver driver, float... values) {
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
    buffer.asFloatBuffer().put(values);
    long address = driver.allocate(buffer.capacity(), "values");
    driver.copyToDevice(address, buffer, new CUstream());
    return address;
  }

  @Test
  void shouldComputeWhatItsDocumentationSays() {
    EmulatedDriver driver = new EmulatedDriver();
    EmulatedBlas blas = new EmulatedBlas(driver);
    TensorShape shape = new TensorShape("w", List.of(2L), true, true);
    long w = upload(driver, 3, 4);
    long g = upload(driver, 1, -2);
    long m = upload(driver, 0.5f, 1);
    long v = upload(driver, 2, 1);
    TextbookLamb.Tensor tensor = new TextbookLamb.Tensor(shape, w, g, m, v);
    long scratch = upload(driver, 9, 9);
    BenchSettings settings = new BenchSettings(StepPath.AUTO, false, 1);
    new TextbookLamb(blas, List.of(tensor), scratch, settings).step();

    double[] m1 = {0.9 * 0.5 + 0.1, 0.9 - 0.2};
    double[] v1 = {0.999 * 2 + 0.001, 0.999 + 0.004};
    double[] u = {m1[0] * v1[0] + 0.03, m1[1] * v1[1] + 0.04};
    double step = settings.rate() * 5 / Math.hypot(u[0], u[1]);
    assertArrayEquals(floats(m1), blas.load(2, m), 1e-6f);
    assertArrayEquals(floats(v1), blas.load(2, v), 1e-6f);
    assertArrayEquals(floats(u), blas.load(2, scratch), 1e-6f);
    assertArrayEquals(floats(3 - step * u[0], 4 - step * u[1]), blas.load(2, w), 2e-7f);
    assertEquals(
        92 * 2, new TextbookLamb(blas, List.of(tensor), scratch, settings).countedStep().bytes());
  }

  private static float[] floats(double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
