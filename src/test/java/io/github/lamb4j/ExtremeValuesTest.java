package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.LayerStats;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values for which norms, epsilons and thresholds in float32 would fail. */
class ExtremeValuesTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.03);

  @ParameterizedTest
  @ValueSource(doubles = {1e20, 1e30, 1e-15, 1e-25, 1e-30})
  void shouldAdaptWeightsWhoseSquaresLeaveFloatRange(double scale) {
    try (Duel duel = new Duel(1).weightScale(scale).group("w", LAMB, 1, 33, 4097)) {
      duel.steps(12).assertClose();
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {3e18, 1e30, 2e37})
  void shouldClipGradientsWhoseSquaresOverflow(double scale) {
    try (Duel duel = new Duel(2).gradientScale(scale).clip(1).group("w", LAMB, 1, 33, 4097)) {
      duel.steps(12).assertClose();
    }
  }

  @Test
  void shouldClipLargestGradients() {
    float[] w = {1, -1, 0.5f};
    float[] g = {Float.MAX_VALUE, -Float.MAX_VALUE, Float.MAX_VALUE};
    Lamb lamb = step(w, g, LAMB, Lamb.onCpu().maxGradNorm(1));
    assertEquals(Math.sqrt(3) * Float.MAX_VALUE, lamb.gradientNorm(), 1e24);
    double[] expected = {0.1 / Math.sqrt(3), -0.1 / Math.sqrt(3), 0.1 / Math.sqrt(3)};
    float[] m = Numbers.moment(lamb, "w", StateArray.FIRST_MOMENT, 3);
    assertTrue(Numbers.relativeError(m, expected) < 2e-7);
    assertTrue(w[0] < 1 && w[1] > -1 && w[2] < 0.5f);
  }

  @Test
  void shouldNotMoveWhenSquareOfUnclippedGradientOverflows() {
    // v becomes infinite and r 0: the limit of a float32 v, and a reason to clip.
    float[] w = {1, 2};
    Hyperparameters plain = LAMB.withLayerAdaptation(LayerAdaptation.NEVER).withWeightDecay(0);
    Lamb lamb = step(w, new float[] {1e30f, 1}, plain, Lamb.onCpu());
    assertEquals(
        Float.POSITIVE_INFINITY, Numbers.moment(lamb, "w", StateArray.SECOND_MOMENT, 2)[0]);
    assertEquals(1, w[0]);
    assertEquals(1.97, w[1], 1e-6);
  }

  @Test
  void shouldUseGradientWhoseSquareOverflowsBeforeScaling() {
    try (Duel duel = new Duel(3).gradientScale(3e19).group("w", LAMB, 100)) {
      duel.steps(1).assertClose();
    }
  }

  @Test
  void shouldTakeUnadaptedStepFromZeroWeights() {
    float[] w = new float[10];
    float[] g = Numbers.normal(new Random(4), 10, 1);
    Lamb lamb =
        step(
            w,
            g,
            LAMB.withTrustRatioLimits(Limits.atMost(0.5)),
            Lamb.onCpu()); // the limits do not apply
    LayerStats norms = lamb.layerStats().get(0);
    assertEquals(0, norms.weightNorm());
    assertEquals(1, norms.trustRatio());
    for (int i = 0; i < 10; i++) {
      assertEquals(-0.03 * Math.signum(g[i]), w[i], 1e-6);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0.01",
    "1, 0.1",
    "1e20, 0.01",
    "1e37, 0.5",
    "1e-25, 0.01",
    "1e-30, 0.001",
    "1e-34, 0.01"
  })
  void shouldUseOnlyDecayWhenGradientsAreZero(double scale, double decay) {
    float[] w = Numbers.normal(new Random(5), 3000, scale);
    double[] expected = Numbers.widened(w);
    for (int i = 0; i < expected.length; i++) {
      expected[i] *= 1 - 0.03;
    }
    Lamb lamb = step(w, new float[3000], LAMB.withWeightDecay(decay), Lamb.onCpu());
    double ratio = lamb.layerStats().get(0).trustRatio();
    assertTrue(Numbers.relativeError(ratio, 1 / decay) < 2e-7, () -> "ratio " + ratio);
    assertTrue(Numbers.relativeError(w, expected) < 2e-7);
  }

  @Test
  void shouldNotMoveWhenGradientsAndDecayAreZero() {
    float[] w = {1, -1, 0, -0.0f, Float.MAX_VALUE, Float.MIN_VALUE, 1e-40f, -3};
    int[] before = Numbers.bits(w);
    float[] g = {0, -0.0f, 0, -0.0f, 0, 0, -0.0f, 0};
    Lamb lamb = step(w, g, LAMB.withWeightDecay(0), Lamb.onCpu().maxGradNorm(1));
    assertArrayEquals(before, Numbers.bits(w));
    assertEquals(1, lamb.layerStats().get(0).trustRatio());
    assertEquals(0, lamb.gradientNorm());
  }

  @Test
  void shouldAcceptEmptyParameters() {
    float[] none = {};
    float[] w = {2};
    try (Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(100)
            .group("empty", LAMB, Parameter.onHost("e0", none, none))
            .group(
                "g",
                LAMB,
                Parameter.onHost("e1", none, new float[0]),
                Parameter.onHost("w", w, new float[] {3}),
                Parameter.onHost("e2", new float[0], none))
            .build()) {
      lamb.step();
      assertEquals(new LayerStats("e0", 0, 0, 1), lamb.layerStats().get(0));
      assertEquals(new LayerStats("e2", 0, 0, 1), lamb.layerStats().get(3));
      assertEquals(3, lamb.gradientNorm());
      assertEquals(2 * (1 - 0.03), w[0], 1e-6);
      assertEquals(0, Numbers.moment(lamb, "e1", StateArray.FIRST_MOMENT, 0).length);
    }
  }

  @Test
  void shouldMoveSingleWeightByLearningRateTimesItself() {
    float[] w = {-8};
    Lamb lamb = step(w, new float[] {1e-3f}, LAMB, Lamb.onCpu());
    LayerStats norms = lamb.layerStats().get(0);
    assertEquals(8, norms.weightNorm());
    assertEquals(8 / norms.updateNorm(), norms.trustRatio());
    assertEquals(-8 * 1.03, w[0], 1e-6);
  }

  @Test
  void shouldKeepSubnormals() {
    float least = Float.MIN_VALUE;
    float[] w = {1000 * least, -2000 * least};
    float[] g = {5000 * least, 0};
    Lamb lamb = step(w, g, LAMB.withWeightDecay(0).withLearningRate(0.5), Lamb.onCpu());
    assertEquals(500 * least, Numbers.moment(lamb, "w", StateArray.FIRST_MOMENT, 2)[0]);
    assertEquals(least * Math.sqrt(5e6), lamb.layerStats().get(0).weightNorm(), least * 1e-9);
    // The update of the only element with a gradient is half of the norm: 1000 - 1118.
    assertEquals(-118 * least, w[0], 1.1 * least);
    assertEquals(-2000 * least, w[1]);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void shouldConfineNonFiniteGradientToItsParameter(float poison) {
    float[] clean = {1, 2, 3};
    float[] sick = {1, 2, 3};
    float[] g = {0.5f, poison, 0.25f};
    try (Lamb lamb =
        Lamb.onCpu()
            .group(
                "g",
                LAMB,
                Parameter.onHost("sick", sick, g),
                Parameter.onHost("clean", clean, new float[] {0.5f, -1, 0.25f}))
            .build()) {
      lamb.step();
      assertTrue(Double.isNaN(lamb.layerStats().get(0).trustRatio()));
      assertArrayEquals(new float[] {Float.NaN, Float.NaN, Float.NaN}, sick);
      float[] alone = {1, 2, 3};
      step(alone, new float[] {0.5f, -1, 0.25f}, LAMB, Lamb.onCpu());
      assertArrayEquals(Numbers.bits(alone), Numbers.bits(clean));
    }
  }

  @Test
  void shouldConfineNonFiniteGradientToItsElementWithoutLayerAdaptation() {
    float[] w = {1, 2, 3};
    step(w, new float[] {1, Float.NaN, 1}, Hyperparameters.adamW(0.5), Lamb.onCpu());
    assertTrue(Float.isFinite(w[0]) && Float.isNaN(w[1]) && Float.isFinite(w[2]));
  }

  @Test
  void shouldNotClipWhenNormIsNaN() {
    float[] sick = {1, 2};
    float[] clean = {1, 2};
    Lamb lamb = clippedTogether(sick, new float[] {1, Float.NaN}, clean);
    assertTrue(Double.isNaN(lamb.gradientNorm()));
    assertTrue(Float.isNaN(sick[0]) && Float.isNaN(sick[1]));
    assertArrayEquals(
        new float[] {0.3f, 0.4f}, Numbers.moment(lamb, "clean", StateArray.FIRST_MOMENT, 2));
  }

  @Test
  void shouldClipFiniteGradientsToZeroWhenNormIsInfinite() {
    float[] sick = {1, 2};
    float[] clean = {1, 2};
    Lamb lamb = clippedTogether(sick, new float[] {1, Float.NEGATIVE_INFINITY}, clean);
    assertEquals(Double.POSITIVE_INFINITY, lamb.gradientNorm());
    assertTrue(Float.isNaN(sick[0]) && Float.isNaN(sick[1]));
    assertArrayEquals(new float[2], Numbers.moment(lamb, "clean", StateArray.FIRST_MOMENT, 2));
  }

  /** Steps two parameters clipped to norm 1; {@code clean} has the gradients 3 and 4. */
  private static Lamb clippedTogether(float[] sick, float[] gradients, float[] clean) {
    Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(1)
            .group("g", LAMB, Parameter.onHost("sick", sick, gradients))
            .group("h", LAMB, Parameter.onHost("clean", clean, new float[] {3, 4}))
            .threads(1)
            .build();
    lamb.step();
    return lamb;
  }

  @Test
  void shouldConfineNonFiniteWeightToItsParameter() {
    float[] w = {1, Float.NaN, 3};
    Lamb lamb = step(w, new float[] {1, 1, 1}, LAMB, Lamb.onCpu());
    assertTrue(Double.isNaN(lamb.layerStats().get(0).weightNorm()));
    assertArrayEquals(new float[] {Float.NaN, Float.NaN, Float.NaN}, w);
    float[] m = Numbers.moment(lamb, "w", StateArray.FIRST_MOMENT, 3);
    assertTrue(Float.isFinite(m[0]) && Float.isFinite(m[1]) && Float.isFinite(m[2]));
  }

  @Test
  void shouldUpdateParameterWithSingleNonZeroGradient() {
    // It is in the partial last tile: a norm that missed the tail would be 0.
    float[] w = new float[4099];
    Arrays.fill(w, 0.5f);
    float[] g = new float[4099];
    g[4098] = 1;
    Lamb lamb = step(w, g, LAMB.withWeightDecay(0), Lamb.onCpu().maxGradNorm(10));
    assertEquals(1, lamb.gradientNorm());
    assertEquals(1, lamb.layerStats().get(0).updateNorm(), 1e-5);
    assertEquals(0.5f, w[4097]);
    assertNotEquals(0.5f, w[4098]);
  }

  private static Lamb step(float[] w, float[] g, Hyperparameters h, LambBuilder builder) {
    Lamb lamb = builder.group("g", h, Parameter.onHost("w", w, g)).threads(1).build();
    lamb.step();
    return lamb;
  }
}
