package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.LaunchReport;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Parameter;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The documented bytes of device memory that a step moves per fp32 parameter, counted. */
@Tag("kernels")
class TrafficTest {

  /** Memory with a value for each element of a parameter. */
  private static final Set<Purpose> MODEL =
      EnumSet.of(
          Purpose.WEIGHTS,
          Purpose.GRADIENTS,
          Purpose.MODEL_COPY,
          Purpose.ADDED_GRADIENTS,
          Purpose.FIRST_MOMENTS,
          Purpose.SECOND_MOMENTS,
          Purpose.MASTERS);

  /**
   * Bytes per parameter of one step.
   *
   * @param model bytes moved of weights, gradients and moments
   * @param otherStored bytes stored to other memory
   * @param otherSize the size of other memory; its loads mostly hit the cache, so they do not count
   */
  private record Traffic(double model, double otherStored, double otherSize) {}

  @Test
  void shouldMove40BytesInTwoPasses() {
    Traffic traffic = measure(StepPath.TWO_PASS, false, EmulatedDevice.SMALL, 2048 * 24);
    assertEquals(40, traffic.model);
    assertTrue(
        traffic.otherStored < 0.1 && traffic.otherSize < 0.1,
        "tables and partial sums: " + traffic);
  }

  @Test
  void shouldMove4BytesMoreToClip() {
    assertEquals(44, measure(StepPath.TWO_PASS, true, EmulatedDevice.SMALL, 2048 * 24).model);
    assertEquals(36, measure(StepPath.SINGLE_PASS, true, EmulatedDevice.SMALL, 2048 * 24).model);
  }

  @Test
  void shouldMove32BytesInASinglePass() {
    Traffic traffic = measure(StepPath.SINGLE_PASS, false, EmulatedDevice.SMALL, 2048 * 24);
    assertEquals(32, traffic.model);
    assertTrue(
        traffic.otherStored < 0.1 && traffic.otherSize < 0.1,
        "tables and partial sums: " + traffic);
  }

  @Test
  void shouldMove28BytesWithoutLayerAdaptation() {
    Hyperparameters adamW = Hyperparameters.adamW(0.1);
    assertEquals(
        28, measure(adamW, StepPath.SINGLE_PASS, false, EmulatedDevice.SMALL, 2048 * 24).model);
  }

  @Test
  void shouldMoveAtMost40BytesWhenTheWindowIsTooSmall() {
    // Two blocks with one slot each: 22 of 24 tiles are deferred, or 23 if one block takes the
    // last two.
    EmulatedDevice tiny = TestDevice.withSlots(EmulatedDevice.SMALL.withMultiprocessors(1, 2), 1);
    double bytes = measure(StepPath.SINGLE_PASS, false, tiny, 2048 * 24).model;
    assertTrue(bytes >= (22 * 40 + 2 * 32) / 24.0 && bytes <= 40, "bytes per parameter: " + bytes);
  }

  @Test
  void shouldReadHalfGradientsAtHalfTheCost() {
    // PointersTest has the other tests of half-precision gradients.
    assertEquals(38, PointersTest.bytesPerParameterWithHalfGradients());
  }

  /** At most this percentage of the instructions for unaligned pointers. */
  @ParameterizedTest
  @CsvSource({
    "TWO_PASS, gradient_norm_tiles, 82",
    "TWO_PASS, moments, 57",
    "TWO_PASS, apply, 45",
    "SINGLE_PASS, single_pass, 63"
  })
  void shouldAccessFourElementsAtOnceWhenPointersAreAligned(
      StepPath path, String kernel, int percent) {
    for (DType type : DType.values()) {
      long aligned = PointersTest.instructions(path, type, 0).get(kernel);
      long unaligned = PointersTest.instructions(path, type, Float.BYTES).get(kernel);
      assertTrue(aligned * 100 <= unaligned * percent, type + ": " + aligned + "/" + unaligned);
    }
  }

  private static Traffic measure(StepPath path, boolean clip, EmulatedDevice device, int count) {
    return measure(Hyperparameters.lamb(0.1), path, clip, device, count);
  }

  private static Traffic measure(
      Hyperparameters hyperparameters,
      StepPath path,
      boolean clip,
      EmulatedDevice device,
      int count) {
    try (TestDevice test = TestDevice.open(device, 3)) {
      LambBuilder builder = LambBuilders.staged(test.driver()).path(path);
      if (clip) {
        builder.maxGradNorm(1);
      }
      float[] weights = new float[count];
      float[] gradients = new float[count];
      weights[0] = 1;
      gradients[1] = 1;
      builder.group("all", hyperparameters, Parameter.onHost("w", weights, gradients));
      try (Lamb lamb = builder.build()) {
        test.emulator().forgetLaunches();
        lamb.step();
        double otherSize = 0;
        Set<Purpose> ignored = EnumSet.copyOf(MODEL);
        ignored.add(Purpose.LEARNING_RATES); // independent of the size of the model
        for (Map.Entry<Purpose, Long> allocation : test.emulator().liveBytes().entrySet()) {
          otherSize += ignored.contains(allocation.getKey()) ? 0 : allocation.getValue();
        }
        List<LaunchReport> launches = test.emulator().launches();
        return new Traffic(
            modelBytes(launches) / count,
            sum(launches, LaunchReport::stored, EnumSet.complementOf(EnumSet.copyOf(MODEL)))
                / count,
            otherSize / count);
      }
    }
  }

  static double modelBytes(List<LaunchReport> launches) {
    return sum(launches, LaunchReport::loaded, MODEL) + sum(launches, LaunchReport::stored, MODEL);
  }

  private static double sum(
      List<LaunchReport> launches,
      Function<LaunchReport, Map<Purpose, Long>> moved,
      Set<Purpose> purposes) {
    return launches.stream()
        .flatMap(launch -> moved.apply(launch).entrySet().stream())
        .filter(entry -> purposes.contains(entry.getKey()))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }
}
