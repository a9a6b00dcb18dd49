package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.UpdateRule;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every refusal names the value, says what it is and what it must be. */
class BadHyperparametersTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);
  private static final double INF = Double.POSITIVE_INFINITY;

  private interface With extends BiFunction<Hyperparameters, Double, Hyperparameters> {}

  static Stream<Arguments> badValues() {
    With beta1 = (h, x) -> h.withBetas(x, 0.999);
    With beta2 = (h, x) -> h.withBetas(0.9, x);
    return Stream.of(
            bad("beta1", beta1, -1e-9, 1, 1.5, Double.NaN, INF, -INF),
            bad("beta2", beta2, -1e-9, 1, 1.5, Double.NaN, INF, -INF),
            // 1e-46 is a double above 0, and no float above 0.
            bad("epsilon", Hyperparameters::withEpsilon, 0, -1e-6, 1e-46, Double.NaN, INF, 1e39),
            bad("weightDecay", Hyperparameters::withWeightDecay, -0.01, Double.NaN, INF, 1e39),
            bad("learning rate", Hyperparameters::withLearningRate, -0.1, Double.NaN, INF))
        .flatMap(cases -> cases);
  }

  private static Stream<Arguments> bad(String name, With with, double... values) {
    return Arrays.stream(values).mapToObj(value -> arguments(name, with, value));
  }

  @ParameterizedTest(name = "{0} {2}")
  @MethodSource("badValues")
  void shouldRefuse(String name, With with, double value) {
    assertRefused(() -> with.apply(LAMB, value), name + " " + value, "must be");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.0, 0.5, 0.9999999999999999})
  void shouldTakeAnyBetaBelowOne(double beta) {
    assertEquals(beta, LAMB.withBetas(beta, beta).beta1());
  }

  @Test
  void shouldRefuseNulls() {
    assertRefused(() -> LAMB.withLearningRate(null), "learningRate", "null");
    assertRefused(() -> LAMB.withWeightNormLimits(null), "weightNormLimits", "null");
    assertRefused(() -> LAMB.withTrustRatioLimits(null), "trustRatioLimits", "null");
  }

  @Test
  void shouldRefuseLimitsThatAreNone() {
    assertRefused(() -> new Limits(-1, 2), "lower limit -1.0", "must be");
    assertRefused(() -> new Limits(Double.NaN, 2), "lower limit NaN", "must be");
    assertRefused(() -> new Limits(INF, INF), "lower limit Infinity", "must be");
    assertRefused(() -> new Limits(1, 0.5), "upper limit 0.5", "must be", "1.0");
    assertRefused(() -> new Limits(1, Double.NaN), "upper limit NaN", "must be");
    assertRefused(() -> Limits.atMost(-1), "upper limit -1.0", "must be");
    assertEquals(Limits.NONE, Limits.atMost(INF));
    assertEquals(new Limits(2, 2), new Limits(2, 2));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void shouldRefuseToClipToNoNorm(double maxNorm) {
    assertRefused(
        () -> Lamb.onCpu().maxGradNorm(maxNorm),
        "maxGradNorm " + maxNorm,
        "must be",
        "no clipping");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void shouldRefuseToRunOnNoThread(int threads) {
    assertRefused(() -> Lamb.onCpu().threads(threads), "threads " + threads, "must be");
  }

  @Test
  void shouldChangeOneValueOfACopy() {
    Hyperparameters changed =
        LAMB.withBetas(0.1, 0.2)
            .withEpsilon(3)
            .withWeightDecay(4)
            .withDecoupledDecay(true)
            .withGradientAveraging(false)
            .withUpdateRule(UpdateRule.LANS)
            .withBiasCorrection(BiasCorrection.NONE)
            .withLayerAdaptation(LayerAdaptation.NEVER)
            .withWeightNormLimits(new Limits(5, 6))
            .withTrustRatioLimits(new Limits(7, 8));
    assertEquals(
        new Hyperparameters(
            LAMB.learningRate(),
            0.1,
            0.2,
            3,
            4,
            true,
            BiasCorrection.NONE,
            false,
            LayerAdaptation.NEVER,
            new Limits(5, 6),
            new Limits(7, 8),
            UpdateRule.LANS),
        changed);
    assertEquals(0.9, LAMB.beta1());
    assertEquals(2, changed.withLearningRate(2).learningRate().at(9));
  }

  @Test
  void shouldHaveTheDefaultsOfThePaper() {
    assertEquals(
        new Hyperparameters(
            LAMB.learningRate(),
            0.9,
            0.999,
            1e-6,
            0.01,
            false,
            BiasCorrection.MOMENTS,
            true,
            LayerAdaptation.ALWAYS,
            Limits.NONE,
            Limits.NONE,
            UpdateRule.LAMB),
        LAMB);
    Hyperparameters adamW = Hyperparameters.adamW(LAMB.learningRate());
    assertEquals(LAMB.withEpsilon(1e-8).withLayerAdaptation(LayerAdaptation.NEVER), adamW);
    assertEquals(0.2, Hyperparameters.adamW(0.2).learningRate().at(1));
  }
}
