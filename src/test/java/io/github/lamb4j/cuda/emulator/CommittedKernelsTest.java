package io.github.lamb4j.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.DType;
import io.github.lamb4j.DeviceParameter;
import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.Moment;
import io.github.lamb4j.Parameter;
import io.github.lamb4j.ParameterGroup;
import io.github.lamb4j.core.Backend;
import io.github.lamb4j.cpu.CpuBackend;
import io.github.lamb4j.cuda.CudaBackend;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed PTX runs on the emulator as it stands and agrees with the CPU to the bit. */
class CommittedKernelsTest {

  private static final int[] COUNTS = {1, 3, 2048, 2049, 5000};

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void shouldTakeTheSameStepsAsTheCpu(long seed) {
    Random random = new Random(7);
    EmulatedDriver driver = new EmulatedDriver(EmulatedDevice.SMALL, seed);
    List<Parameter> onDevice = new ArrayList<>();
    List<Parameter> onHost = new ArrayList<>();
    List<Long> owned = new ArrayList<>();
    float[][] weights = new float[COUNTS.length][];
    for (int i = 0; i < COUNTS.length; i++) {
      int count = COUNTS[i];
      int odd = i % 2 == 0 ? 0 : 4;
      weights[i] = new float[count];
      float[] gradients = new float[count];
      for (int e = 0; e < count; e++) {
        weights[i][e] = (float) random.nextGaussian();
        gradients[e] = (float) random.nextGaussian();
      }
      long w = upload(driver, weights[i], odd, "weights " + i);
      long g = upload(driver, gradients, odd, "gradients " + i);
      owned.addAll(List.of(w, g));
      onDevice.add(new DeviceParameter("p" + i, w + odd, g + odd, count, DType.F32));
      onHost.add(Parameter.onHost("p" + i, weights[i], gradients));
    }
    Hyperparameters lamb = Hyperparameters.lamb(0.01);
    OptionalDouble clip = OptionalDouble.of(1);
    try (Backend cuda =
            new CudaBackend(
                driver, null, List.of(new ParameterGroup("all", lamb, onDevice)), clip);
        Backend cpu = new CpuBackend(List.of(new ParameterGroup("all", lamb, onHost)), clip, 1)) {
      for (int step = 0; step < 2; step++) {
        cuda.step(new double[] {0.01});
        cpu.step(new double[] {0.01});
      }
      assertArrayEquals(cpu.norms(), cuda.norms());
      assertEquals(cpu.gradientNorm(), cuda.gradientNorm());
      for (int i = 0; i < COUNTS.length; i++) {
        long address = ((DeviceParameter) onDevice.get(i)).weights();
        assertArrayEquals(bits(weights[i]), bits(download(driver, address, COUNTS[i])));
        for (Moment moment : Moment.values()) {
          float[] expected = new float[COUNTS[i]];
          float[] actual = new float[COUNTS[i]];
          cpu.readMoment(0, i, moment, 0, FloatBuffer.wrap(expected));
          cuda.readMoment(0, i, moment, 0, FloatBuffer.wrap(actual));
          assertArrayEquals(bits(expected), bits(actual));
        }
      }
    }
    owned.forEach(driver::free);
    driver.close();
  }

  private static long upload(EmulatedDriver driver, float[] values, int odd, String purpose) {
    long address = driver.allocate(odd + 4L * values.length, purpose);
    ByteBuffer bytes = buffer(values.length);
    bytes.asFloatBuffer().put(values);
    driver.copyToDevice(address + odd, bytes, null);
    return address;
  }

  private static float[] download(EmulatedDriver driver, long address, int count) {
    ByteBuffer bytes = buffer(count);
    driver.copyToHost(bytes, address, null);
    float[] values = new float[count];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  private static ByteBuffer buffer(int floats) {
    return ByteBuffer.allocateDirect(4 * floats).order(ByteOrder.nativeOrder());
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) bits[i] = Float.floatToRawIntBits(values[i]);
    return bits;
  }
}
