package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.report.StepReport;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** LANS where its formula would divide by zero; {@link AccuracyTest} covers the formula. */
class LansTest {

  private static final Hyperparameters LANS = Hyperparameters.lans(0.03);
  private static final int COUNT = 3000; // two tiles

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.5})
  void shouldOnlyDecayWhenGradientsAreZero(double decay) {
    float[] w = Numbers.normal(new Random(1), COUNT, 1);
    double[] expected = Numbers.widened(w);
    for (int i = 0; i < COUNT; i++) {
      expected[i] *= (1 - 0.03) * (1 - 0.03);
    }
    // Both terms are decay * w, with ratios of 1 / decay, and their weights add up to 1.
    StepReport report = steps(2, w, new float[COUNT], LANS.withWeightDecay(decay), Lamb.onCpu());
    assertEquals(1 / decay, report.trustRatio(0), 1e-6 / decay);
    assertEquals(1 / decay, report.gradientTrustRatio(0), 1e-6 / decay);
    assertTrue(Numbers.relativeError(w, expected) < 4e-7);
  }

  @Test
  void shouldNotMoveWhenGradientsAndDecayAreZero() {
    float[] w = Numbers.normal(new Random(2), COUNT, 1);
    int[] before = Numbers.bits(w);
    float[] g = new float[COUNT];
    g[7] = -0.0f;
    StepReport report = steps(3, w, g, LANS.withWeightDecay(0), Lamb.onCpu());
    assertArrayEquals(before, Numbers.bits(w));
    assertEquals(1, report.trustRatio(0));
    assertEquals(1, report.gradientTrustRatio(0));
    assertEquals(0, report.gradientUpdateNorm(0));
  }

  @Test
  void shouldFollowMomentumWhenGradientBecomesZero() {
    float[] w = {1, -2, 3};
    float[] g = {0.5f, -0.25f, 1};
    Hyperparameters h = LANS.withWeightDecay(0);
    try (Lamb lamb = Lamb.onCpu().group("g", h, Parameter.onHost("w", w, g)).build()) {
      lamb.step();
      float[] after = w.clone();
      g[0] = g[1] = g[2] = 0;
      lamb.step();
      StepReport report = lamb.newReport();
      lamb.report(report);
      assertEquals(0, report.gradientUpdateNorm(0));
      assertEquals(1, report.gradientTrustRatio(0));
      // Only the first term is left: learning rate * beta1 * ||w||.
      double distance = 0;
      for (int i = 0; i < 3; i++) {
        distance += Math.pow(w[i] - after[i], 2);
      }
      assertEquals(0.03 * 0.9 * report.weightNorm(0), Math.sqrt(distance), 1e-6);
    }
  }

  @Test
  void shouldTakeUnadaptedStepFromZeroWeights() {
    float[] w = new float[COUNT];
    float[] g = Numbers.normal(new Random(3), COUNT, 1);
    // With a negligible epsilon, both terms are the gradient's sign at the first step.
    StepReport report = steps(1, w, g, LANS.withEpsilon(1e-30), Lamb.onCpu());
    assertEquals(0, report.weightNorm(0));
    assertEquals(1, report.trustRatio(0));
    assertEquals(1, report.gradientTrustRatio(0));
    for (int i = 0; i < COUNT; i++) {
      assertEquals(-0.03 * Math.signum(g[i]), w[i], 1e-7);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {1e-3f, -7e30f, 1e-45f})
  void shouldMoveSingleWeightByLearningRateTimesItself(float gradient) {
    float[] w = {-8};
    StepReport report = steps(1, w, new float[] {gradient}, LANS.withWeightDecay(0), Lamb.onCpu());
    assertEquals(8, report.weightNorm(0));
    assertEquals(-8 - 8 * 0.03 * Math.signum(gradient), w[0], 2e-6);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void shouldConfineNonFiniteGradientToItsParameter(float poison) {
    float[] sick = {1, 2, 3};
    float[] clean = {1, 2, 3};
    float[] g = {0.5f, -1, 0.25f};
    try (Lamb lamb =
        Lamb.onCpu()
            .group(
                "g",
                LANS,
                Parameter.onHost("sick", sick, new float[] {0.5f, poison, 0.25f}),
                Parameter.onHost("clean", clean, g))
            .build()) {
      lamb.step();
    }
    float[] alone = {1, 2, 3};
    steps(1, alone, g, LANS, Lamb.onCpu());
    assertArrayEquals(new float[] {Float.NaN, Float.NaN, Float.NaN}, sick);
    assertArrayEquals(Numbers.bits(alone), Numbers.bits(clean));
  }

  @Test
  void shouldNotDependOnClippingOrLossScale() {
    float[] g = Numbers.normal(new Random(4), COUNT, 3);
    int[] expected = Numbers.bits(stepped(g, Lamb.onCpu()));
    assertArrayEquals(expected, Numbers.bits(stepped(g, Lamb.onCpu().maxGradNorm(1e-3))));
    Scalar scale = Scalar.of(0.7);
    assertArrayEquals(expected, Numbers.bits(stepped(g, Lamb.onCpu().lossScale(scale))));
    assertArrayEquals(expected, Numbers.bits(stepped(g, Lamb.onCpu().gradientDivisor(scale))));
    for (int i = 0; i < COUNT; i++) {
      g[i] *= 0x1p-70f;
    }
    assertArrayEquals(
        expected, Numbers.bits(stepped(g, Lamb.onCpu())), "gradients scaled by 2^-70");
  }

  private static float[] stepped(float[] gradients, LambBuilder builder) {
    float[] w = Numbers.normal(new Random(5), COUNT, 1);
    steps(3, w, gradients, LANS, builder);
    return w;
  }

  private static StepReport steps(
      int count, float[] w, float[] g, Hyperparameters h, LambBuilder builder) {
    try (Lamb lamb = builder.group("g", h, Parameter.onHost("w", w, g)).threads(1).build()) {
      for (int i = 0; i < count; i++) {
        lamb.step();
      }
      StepReport report = lamb.newReport();
      lamb.report(report);
      return report;
    }
  }
}
