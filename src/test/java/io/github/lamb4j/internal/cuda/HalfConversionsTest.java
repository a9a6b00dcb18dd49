package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.StateArray;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every F16 and BF16 value is widened exactly wherever one is read. Float32 values are rounded to
 * nearest even wherever one is written.
 */
@Tag("slow")
@Tag("gpu")
@Tag("kernels")
class HalfConversionsTest {

  private static final int ALL = 1 << 16;

  /** Makes the first moment equal to the gradient and leaves the weights unchanged. */
  private static final Hyperparameters STILL =
      Hyperparameters.lamb(0).withBetas(0, 0.9).withWeightDecay(0);

  static Stream<Arguments> sides() {
    return Stream.of(DType.F16, DType.BF16)
        .flatMap(
            type ->
                Stream.of(Side.Where.CPU, Side.Where.SINGLE_PASS, Side.Where.TWO_PASS)
                    .map(where -> Arguments.of(where, type)));
  }

  private static MixedModel.Tensor tensor(Side side, MixedModel.Form form, int count) {
    return new MixedModel(side, 1).add("p", form, count);
  }

  /** Observed in the first moment. It starts at +0, so the sign of -0 is not visible. */
  @ParameterizedTest
  @MethodSource("sides")
  void shouldWidenEveryGradient(Side.Where where, DType type) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      MixedModel.Tensor p = tensor(side, new MixedModel.Form(DType.F32, null, type), ALL);
      p.gradients().putBits(IntStream.range(0, ALL).toArray());
      try (Lamb lamb = side.builder().group("g", STILL, p.parameter()).build()) {
        lamb.step();
        float[] m = MixedModel.moment(lamb, p, StateArray.FIRST_MOMENT);
        for (int bits = 0; bits < ALL; bits++) {
          float expected = TestArray.valueOf(bits, type);
          assertTrue(
              m[bits] == expected || m[bits] != m[bits] && expected != expected,
              () -> "gradient " + expected);
        }
      }
      assertEquals(ALL, Arrays.stream(p.gradients().bits()).distinct().count());
    }
  }

  /** Includes -0, subnormals and infinities; every NaN is equal. */
  @ParameterizedTest
  @MethodSource("sides")
  void shouldInitializeMastersFromTheWeights(Side.Where where, DType type) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      MixedModel.Tensor p = tensor(side, new MixedModel.Form(type, null, DType.F32), ALL);
      p.weights().putBits(IntStream.range(0, ALL).toArray());
      try (Lamb lamb = side.builder().group("g", STILL, p.parameter()).build()) {
        float[] master = MixedModel.master(lamb, p);
        for (int bits = 0; bits < ALL; bits++) {
          assertSameFloat(TestArray.valueOf(bits, type), master[bits], "weight");
        }
      }
      assertEquals(ALL, Arrays.stream(p.weights().bits()).distinct().count());
    }
  }

  /** Added to -0, the only number that preserves all others. */
  @ParameterizedTest
  @MethodSource("sides")
  void shouldAddEveryGradientOfAMicroBatch(Side.Where where, DType type) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      MixedModel.Tensor p = tensor(side, new MixedModel.Form(DType.F32, null, DType.F32), ALL);
      float[] zeros = new float[ALL];
      Arrays.fill(zeros, -0.0f);
      p.gradients().put(zeros);
      TestArray added = side.array(type, ALL, "gradients to be added");
      added.putBits(IntStream.range(0, ALL).toArray());
      try (Lamb lamb = side.builder().group("g", STILL, p.parameter()).build()) {
        lamb.accumulate("p", added.array());
        float[] sums = p.gradients().values();
        for (int bits = 0; bits < ALL; bits++) {
          assertSameFloat(TestArray.valueOf(bits, type), sums[bits], "gradient");
        }
      }
    }
  }

  /**
   * Each finite half, its midpoint with the next one, and a neighbor of the midpoint. An infinite
   * weight would become NaN in a step, but values past the largest half round to infinity.
   */
  @ParameterizedTest
  @CsvSource({"CPU, F16", "CPU, BF16", "SINGLE_PASS, F16", "TWO_PASS, BF16"})
  void shouldRoundEveryModelCopyToNearestEven(Side.Where where, DType type) {
    int infinity = type == DType.F16 ? 0x7c00 : 0x7f80;
    float[] weights = new float[4 * infinity];
    int[] expected = new int[weights.length];
    for (int low = 0; low < infinity; low++) {
      float exact = TestArray.valueOf(low, type);
      float middle = middle(low, low + 1, type);
      boolean below = low % 4 < 2;
      int sign = low % 3 == 0 ? 0x8000 : 0;
      float signum = sign == 0 ? 1 : -1;
      int at = 4 * low;
      weights[at] = exact;
      expected[at] = low;
      weights[at + 1] = -exact;
      expected[at + 1] = low | 0x8000;
      weights[at + 2] = signum * middle;
      expected[at + 2] = (low % 2 == 0 ? low : low + 1) | sign;
      weights[at + 3] = signum * (below ? Math.nextDown(middle) : Math.nextUp(middle));
      expected[at + 3] = (below ? low : low + 1) | sign;
    }
    assertRounded(where, type, weights, expected);
  }

  /** Exact: the mean of two adjacent halves has one more bit than they do. */
  private static float middle(int low, int high, DType type) {
    if (type == DType.BF16) {
      return Float.intBitsToFloat(low << 16 | 0x8000);
    }
    float next = high == 0x7c00 ? 65536 : Half.fromF16((short) high);
    return (Half.fromF16((short) low) + next) / 2;
  }

  private static void assertRounded(Side.Where where, DType type, float[] weights, int[] expected) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      MixedModel.Form form = new MixedModel.Form(DType.F32, type, DType.BF16);
      MixedModel.Tensor p = tensor(side, form, weights.length);
      p.weights().put(weights);
      p.gradients().put(new float[weights.length]);
      try (Lamb lamb = side.builder().group("g", STILL, p.parameter()).build()) {
        lamb.step();
      }
      float[] after = p.weights().values();
      int[] copy = p.modelCopy().bits();
      for (int i = 0; i < weights.length; i++) {
        assertSameFloat(weights[i], after[i], "weight");
        if (expected[i] != copy[i]) {
          assertEquals(expected[i], copy[i], "model copy of " + weights[i]);
        }
      }
    }
  }

  /** One NaN in each quad, at every position, which rounding must not turn into a number. */
  @ParameterizedTest
  @MethodSource("sides")
  void shouldNotSpreadNaN(Side.Where where, DType type) {
    int count = 2048 + 1028;
    float[] weights = new float[count];
    for (int i = 0; i < count; i++) {
      weights[i] = isNan(i) ? Float.intBitsToFloat(0x7fffffff) : i;
    }
    Hyperparameters adamW = Hyperparameters.adamW(1e-3).withWeightDecay(1e-3);
    for (Hyperparameters unadapted :
        List.of(adamW, adamW.withDecoupledDecay(true), adamW.withUpdateRule(UpdateRule.LANS))) {
      try (TestDevice device = TestDevice.open()) {
        Side side = where.on(device);
        MixedModel.Tensor p = tensor(side, new MixedModel.Form(DType.F32, type, DType.F32), count);
        p.weights().put(weights);
        try (Lamb lamb = side.builder().group("g", unadapted, p.parameter()).build()) {
          lamb.step();
        }
        float[] after = p.weights().values();
        float[] copy = p.modelCopy().values();
        for (int i = 0; i < count; i++) {
          float expected = TestArray.valueOf(TestArray.bitsOf(after[i], type), type);
          assertSameFloat(expected, copy[i], "element " + i);
          assertEquals(isNan(i), Float.isNaN(copy[i]), "element " + i);
        }
      }
    }
  }

  private static boolean isNan(int i) {
    return i % 4 == i / 4 % 4;
  }

  private static void assertSameFloat(float expected, float actual, String what) {
    if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
      assertEquals(expected, actual, what);
    }
  }
}
