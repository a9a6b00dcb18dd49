package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.DeviceParameters;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.Numbers;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.Parameter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A program as found in practice: each step has gradients in new buffers, each epoch a new stream,
 * and nothing waits for a step.
 */
class NewBuffersTest {

  private static final int[] SIZES = {5, 70, 2051};
  private static final int STEPS = 100;
  private static final int STEPS_PER_EPOCH = 20;
  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.01);

  private static float[][] gradients(int step) {
    Random random = new Random(step);
    float[][] gradients = new float[SIZES.length][];
    for (int i = 0; i < SIZES.length; i++) {
      gradients[i] = Numbers.normal(random, SIZES[i], 1);
    }
    return gradients;
  }

  /** A frozen parameter moves like the others. */
  private static void freezeForAWhile(Lamb lamb, int step) {
    if (step == 35) {
      lamb.freeze("p1");
    } else if (step == 67) {
      lamb.unfreeze("p1");
    }
  }

  private static float[][] onCpu() {
    float[][] weights = gradients(-1);
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 0; i < SIZES.length; i++) {
      parameters.add(Parameter.onHost("p" + i, weights[i], new float[SIZES[i]]));
    }
    try (Lamb lamb = Lamb.onCpu().maxGradNorm(1).group("g", LAMB, parameters).build()) {
      for (int step = 0; step < STEPS; step++) {
        float[][] gradients = gradients(step);
        for (int i = 0; i < SIZES.length; i++) {
          lamb.move(Parameter.onHost("p" + i, weights[i], gradients[i]));
        }
        freezeForAWhile(lamb, step);
        lamb.step();
      }
    }
    return weights;
  }

  @Test
  void shouldGiveTheBitsOfTheCpu() {
    float[][] expected = onCpu();
    try (TestDevice device = TestDevice.open()) {
      StreamChecks driver = new StreamChecks(device.driver());
      Side side = Side.cuda(device, StepPath.AUTO);
      TestArray[] weights = new TestArray[SIZES.length];
      float[][] initial = gradients(-1);
      Parameter[] parameters = new Parameter[SIZES.length];
      List<Long> buffers = new ArrayList<>();
      for (int i = 0; i < SIZES.length; i++) {
        weights[i] = side.array(DType.F32, SIZES[i], Purpose.WEIGHTS, "p" + i);
        weights[i].put(initial[i]);
        parameters[i] = parameter(device, i, weights[i], initial[i], 0, buffers);
      }
      try (Lamb lamb =
          LambBuilders.onCuda(driver, device.stream())
              .maxGradNorm(1)
              .group("g", LAMB, parameters)
              .build()) {
        for (int step = 0; step < STEPS; step++) {
          float[][] gradients = gradients(step);
          List<Long> old = new ArrayList<>(buffers);
          buffers.clear();
          for (int i = 0; i < SIZES.length; i++) {
            parameters[i] = parameter(device, i, weights[i], gradients[i], step % 3, buffers);
          }
          lamb.move(parameters);
          old.forEach(device.driver()::free);
          long stream = 0xe00 + step / STEPS_PER_EPOCH % 2; // handles are used again
          if (step % STEPS_PER_EPOCH == 0) {
            driver.recycle(CudaStream.of(stream));
          }
          freezeForAWhile(lamb, step);
          lamb.step(stream);
        }
      }
      buffers.forEach(device.driver()::free);
      assertEquals(List.of(), driver.unordered);
      for (int i = 0; i < SIZES.length; i++) {
        assertArrayEquals(Numbers.bits(expected[i]), weights[i].bits(), "weights " + i);
      }
    }
  }

  /** The gradients lie in a new buffer, some elements from its aligned beginning. */
  private static Parameter parameter(
      TestDevice device,
      int index,
      TestArray weights,
      float[] gradients,
      int offset,
      List<Long> buffers) {
    long buffer =
        device.driver().allocate((offset + gradients.length) * 4L, Purpose.GRADIENTS, "p" + index);
    buffers.add(buffer);
    ByteBuffer bytes = CudaLayout.buffer(gradients.length * 4L);
    bytes.asFloatBuffer().put(gradients);
    device.driver().copyToDevice(buffer + offset * 4L, bytes, device.stream());
    return DeviceParameters.of(
        "p" + index,
        ((DeviceArray) weights.array()).address(),
        buffer + offset * 4L,
        gradients.length,
        DType.F32);
  }
}
