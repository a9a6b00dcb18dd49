package io.github.lamb4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.lamb4j.schedule.Schedule;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HostMomentumTest {

  private final float[] weight = {1, -2};
  private final float[] bias = {0.5f};
  private final float[] weightGradient = new float[2];
  private final float[] biasGradient = new float[1];

  private HostMomentum optimizer(Schedule schedule) {
    return new HostMomentum(
        new EnumMap<>(Map.of(Layer.OUTPUT_WEIGHT, weight, Layer.OUTPUT_BIAS, bias)),
        new EnumMap<>(Map.of(Layer.OUTPUT_WEIGHT, weightGradient, Layer.OUTPUT_BIAS, biasGradient)),
        schedule,
        0.9);
  }

  @Test
  void shouldAccumulateGradientsAndFollowTheSchedule() {
    double[] rates = {0.1, 0.3, 0.2};
    float[][] gradients = {{0.7f, -0.1f, 1}, {0.2f, 3, -1}, {-5, 0, 0.01f}};
    HostMomentum optimizer = optimizer(step -> rates[(int) step - 1]);
    float[] expected = {1, -2, 0.5f};
    float[] velocity = new float[3];
    for (int step = 0; step < rates.length; step++) {
      for (int i = 0; i < expected.length; i++) {
        velocity[i] = 0.9f * velocity[i] + gradients[step][i];
        expected[i] = expected[i] - (float) rates[step] * velocity[i];
      }
      weightGradient[0] = gradients[step][0];
      weightGradient[1] = gradients[step][1];
      biasGradient[0] = gradients[step][2];
      optimizer.step();
      // assertArrayEquals without a delta compares bits
      assertArrayEquals(new float[] {expected[0], expected[1]}, weight);
      assertArrayEquals(new float[] {expected[2]}, bias);
    }
  }

  @Test
  void shouldRefuseMicroBatches() {
    HostMomentum optimizer = optimizer(Schedule.constant(0.1));
    assertThrows(UnsupportedOperationException.class, optimizer::addMicroBatch);
  }
}
