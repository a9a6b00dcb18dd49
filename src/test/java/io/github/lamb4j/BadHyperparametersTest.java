package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.UpdateRule;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every refusal states the name, the value and the valid range. */
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
            // 1e-46 is positive as a double but 0 as a float.
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
  void shouldRejectValueOutOfRange(String name, With with, double value) {
    assertRefused(() -> with.apply(LAMB, value), name + " " + value, "must be");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.0, 0.5, 0.9999999999999999})
  void shouldAcceptAnyBetaBelowOne(double beta) {
    assertEquals(beta, LAMB.withBetas(beta, beta).beta1());
  }

  @Test
  void shouldRejectNull() {
    assertRefused(() -> LAMB.withLearningRate(null), "learningRate", "null");
    assertRefused(() -> LAMB.withWeightNormLimits(null), "weightNormLimits", "null");
    assertRefused(() -> LAMB.withTrustRatioLimits(null), "trustRatioLimits", "null");
  }

  @Test
  void shouldRejectInvalidLimits() {
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
  void shouldRejectClippingNormThatIsNotPositiveAndFinite(double maxNorm) {
    assertRefused(
        () -> Lamb.onCpu().maxGradNorm(maxNorm),
        "maxGradNorm " + maxNorm,
        "must be",
        "no clipping");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void shouldRejectThreadCountBelowOne(int threads) {
    assertRefused(() -> Lamb.onCpu().threads(threads), "threads " + threads, "must be");
  }

  @Test
  void shouldChangeOnlyTheGivenValuesOfACopy() {
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
        List.of(
            Map.entry("beta1", 0.1),
            Map.entry("beta2", 0.2),
            Map.entry("epsilon", 3.0),
            Map.entry("weightDecay", 4.0),
            Map.entry("decoupledDecay", true),
            Map.entry("biasCorrection", BiasCorrection.NONE),
            Map.entry("gradientAveraging", false),
            Map.entry("layerAdaptation", LayerAdaptation.NEVER),
            Map.entry("weightNormLimits.min", 5.0),
            Map.entry("weightNormLimits.max", 6.0),
            Map.entry("trustRatioLimits.min", 7.0),
            Map.entry("trustRatioLimits.max", 8.0),
            Map.entry("updateRule", UpdateRule.LANS)),
        List.copyOf(changed.values().entrySet()));
    assertSame(LAMB.learningRate(), changed.learningRate());
    assertEquals(0.9, LAMB.beta1());
    assertEquals(2, changed.withLearningRate(2).learningRate().at(9));
  }

  @Test
  void shouldDefaultToThePapersValues() {
    assertEquals(0.1, LAMB.learningRate().at(1));
    assertEquals(0.9, LAMB.beta1());
    assertEquals(0.999, LAMB.beta2());
    assertEquals(1e-6, LAMB.epsilon());
    assertEquals(0.01, LAMB.weightDecay());
    assertFalse(LAMB.decoupledDecay());
    assertEquals(BiasCorrection.MOMENTS, LAMB.biasCorrection());
    assertTrue(LAMB.gradientAveraging());
    assertEquals(LayerAdaptation.ALWAYS, LAMB.layerAdaptation());
    assertEquals(Limits.NONE, LAMB.weightNormLimits());
    assertEquals(Limits.NONE, LAMB.trustRatioLimits());
    assertEquals(UpdateRule.LAMB, LAMB.updateRule());
    Hyperparameters adamW = Hyperparameters.adamW(LAMB.learningRate());
    assertEquals(LAMB.withEpsilon(1e-8).withLayerAdaptation(LayerAdaptation.NEVER), adamW);
    assertEquals(0.2, Hyperparameters.adamW(0.2).learningRate().at(1));
  }

  /** Each withX method, with a value that differs from the default. */
  static Stream<UnaryOperator<Hyperparameters>> changes() {
    return Stream.of(
        h -> h.withLearningRate(0.2),
        h -> h.withBetas(0.8, h.beta2()),
        h -> h.withBetas(h.beta1(), 0.8),
        h -> h.withEpsilon(1e-8),
        h -> h.withWeightDecay(0),
        h -> h.withDecoupledDecay(true),
        h -> h.withBiasCorrection(BiasCorrection.NONE),
        h -> h.withGradientAveraging(false),
        h -> h.withLayerAdaptation(LayerAdaptation.NEVER),
        h -> h.withWeightNormLimits(Limits.atMost(2)),
        h -> h.withTrustRatioLimits(Limits.atMost(2)),
        h -> h.withUpdateRule(UpdateRule.LANS));
  }

  @ParameterizedTest
  @MethodSource("changes")
  void shouldCompareEveryValue(UnaryOperator<Hyperparameters> change) {
    assertNotEquals(LAMB, change.apply(LAMB));
    Hyperparameters copy = LAMB.withWeightDecay(LAMB.weightDecay());
    assertEquals(LAMB, copy);
    assertEquals(LAMB.hashCode(), copy.hashCode());
  }

  @Test
  void shouldNotLetCallersChangeItsValues() {
    assertThrows(UnsupportedOperationException.class, () -> LAMB.values().put("beta1", 0.5));
  }
}
