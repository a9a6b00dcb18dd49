package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Parameters of all combinations of data types, in one group and at any alignment, have the same
 * bits on the CPU and on CUDA. Memory around them is not written.
 */
@Tag("slow")
@Tag("gpu")
class MixedParityTest {

  /** Model copies end at every position in a quad, in both halves of a tile. */
  private static final int[] SIZES = {
    1, 1025, 1026, 2047, 2048, 2049, 1027, 4097, 0, 5, 2048, 1, 2, 7, 64
  };

  /** A group of each kind that the kernels distinguish. */
  static MixedModel model(Side side) {
    Hyperparameters lamb = Hyperparameters.lamb(0.02);
    return new MixedModel(side, 3)
        .group("lamb", lamb, SIZES)
        .group("adamw", Hyperparameters.adamW(0.01), 2048, 1025, 1026, 1027, 2050)
        .group("lans", Hyperparameters.lans(0.03), 3, 1025, 1026, 0, 1027, 5, 2048, 2)
        .group(
            "decoupled",
            lamb.withDecoupledDecay(true)
                .withGradientAveraging(false)
                .withBiasCorrection(BiasCorrection.LEARNING_RATE),
            2048,
            9,
            3,
            1025,
            1026,
            5,
            7,
            0,
            3 * 2048 + 3,
            4 * 2048 + 2);
  }

  private static String train(MixedModel model, int steps) {
    StringBuilder bits = new StringBuilder();
    try (Lamb lamb = model.builder().maxGradNorm(2).build()) {
      for (int step = 0; step < steps; step++) {
        model.nextGradients(1 + step);
        lamb.step();
        bits.append(model.bits(lamb));
      }
    }
    return bits.toString();
  }

  @Tag("kernels")
  @ParameterizedTest
  @CsvSource({"SINGLE_PASS, 0", "SINGLE_PASS, 1", "TWO_PASS, 0", "TWO_PASS, 1"})
  void shouldAgreeOnDevicePointers(StepPath path, int offset) {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, path, purpose -> offset);
      assertEquals(train(model(Side.cpu()), 2), train(model(side), 2));
    }
  }

  @Test
  void shouldAgreeOnHostArrays() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.mirrored(device, StepPath.TWO_PASS);
      assertEquals(train(model(Side.cpu()), 2), train(model(side), 2));
    }
  }

  /**
   * A window of few tiles, so that some tiles are deferred, some are retired while others are
   * taken, and the rest at the end, with model copies and half weights among each of them.
   */
  @Tag("kernels")
  @ParameterizedTest
  @CsvSource({"1, 1, 0", "1, 1, 1", "2, 1, 0", "2, 1, 1"})
  void shouldAgreeForASmallWindow(int blocks, int slots, int offset) {
    int[] sizes = {0, 7171, 7170, 2049, 1025, 0, 2050, 1027, 6145, 33, 0, 2048, 2048, 4096, 1026};
    EmulatedDevice small = EmulatedDevice.SMALL.withMultiprocessors(1, blocks);
    for (boolean decoupled : new boolean[] {false, true}) {
      Hyperparameters h = Hyperparameters.lamb(0.02).withDecoupledDecay(decoupled);
      try (TestDevice device = TestDevice.open(TestDevice.withSlots(small, slots), 3)) {
        Side side = Side.cuda(device, StepPath.SINGLE_PASS, purpose -> offset);
        assertEquals(
            train(new MixedModel(Side.cpu(), 1).group("all", h, sizes), 1),
            train(new MixedModel(side, 1).group("all", h, sizes), 1));
      }
    }
  }

  /** Ten thousand on a GPU, fewer on the emulator. */
  @ParameterizedTest
  @EnumSource(names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldAgreeForAGroupOfManySmallParameters(StepPath path) {
    int[] sizes = new int[TestDevice.isGpu() ? 10_000 : 45];
    Arrays.fill(sizes, 100);
    Hyperparameters h =
        path == StepPath.SINGLE_PASS ? Hyperparameters.lamb(0.02) : Hyperparameters.lans(0.02);
    try (TestDevice device = TestDevice.open()) {
      assertEquals(
          train(new MixedModel(Side.cpu(), 1).group("all", h, sizes), 1),
          train(new MixedModel(Side.cuda(device, path), 1).group("all", h, sizes), 1));
    }
  }

  @Test
  void shouldRejectAModelCopyThatExceedsItsAllocation() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.SINGLE_PASS);
      TestArray weights = side.array(DType.F32, 1000, "weights");
      TestArray gradients = side.array(DType.F32, 1000, "gradients");
      TestArray copy = side.array(DType.F16, 900, "model copy"); // plus 16 bytes of padding
      LambBuilder builder =
          side.builder()
              .group("g", Hyperparameters.lamb(0.1), side.parameter("p", weights, gradients, copy));
      IllegalArgumentException refusal =
          assertThrows(IllegalArgumentException.class, builder::build);
      for (String part :
          new String[] {"parameter p", "1000 F16", "model copy", "exceed their allocation"}) {
        assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
      }
    }
  }

  /** A single unaligned array makes the kernels process a segment element by element. */
  @ParameterizedTest
  @CsvSource({
    "SINGLE_PASS, WEIGHTS",
    "SINGLE_PASS, GRADIENTS",
    "SINGLE_PASS, MODEL_COPY",
    "TWO_PASS, WEIGHTS",
    "TWO_PASS, GRADIENTS",
    "TWO_PASS, MODEL_COPY"
  })
  void shouldAgreeWhenOnlyOneArrayIsUnaligned(StepPath path, Purpose which) {
    String expected = train(halves(Side.cpu()), 1);
    for (int offset = 1; offset <= 3; offset++) {
      int elements = offset;
      try (TestDevice device = TestDevice.open()) {
        Side side = Side.cuda(device, path, purpose -> purpose == which ? elements : 0);
        assertEquals(expected, train(halves(side), 1), which + " " + offset + " elements off");
      }
    }
  }

  /** Half gradients: one parameter with a model copy and one with half weights. */
  private static MixedModel halves(Side side) {
    int end = 2049;
    int[] sizes = {0, 0, 0, 0, 0, 0, end, 0, 0, 0, 0, 0, 0, 0, end};
    return new MixedModel(side, 4).group("lamb", Hyperparameters.lamb(0.02), sizes);
  }
}
