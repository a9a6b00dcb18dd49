package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.schedule.Schedule;
import java.nio.FloatBuffer;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares every feature of a step with the formula in double precision. */
@Tag("slow")
class AccuracyTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.03);
  private static final Hyperparameters LANS = Hyperparameters.lans(0.03);
  private static final Hyperparameters DECOUPLED =
      LAMB.withDecoupledDecay(true).withWeightDecay(0.5);

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 7, 33, 1000, 2047, 2048, 2049, 4097, 65537})
  void shouldMatchFormulaForAnyShape(int count) {
    try (Duel duel = new Duel(count).group("weights", LAMB, count)) {
      duel.steps(1).assertClose();
      duel.steps(14).assertClose();
    }
  }

  @Test
  void shouldMatchFormulaWhenParameterHasMoreTilesThanLanes() {
    // 257 tiles and a partial one: lanes 0 and 1 of the sum over tiles add two tiles each.
    try (Duel duel = new Duel(1).group("weights", LAMB, 257 * 2048 + 5)) {
      duel.steps(3).assertClose();
    }
  }

  static Stream<Arguments> variants() {
    return Stream.of(
        arguments("no decay", LAMB.withWeightDecay(0)),
        arguments("strong decay", LAMB.withWeightDecay(0.5)),
        arguments("no bias correction", LAMB.withBiasCorrection(BiasCorrection.NONE)),
        arguments("no layer adaptation", LAMB.withLayerAdaptation(LayerAdaptation.NEVER)),
        arguments("no decay and no adaptation", Hyperparameters.adamW(0.03).withWeightDecay(0)),
        arguments("AdamW", Hyperparameters.adamW(0.03)),
        arguments("a cap on the trust ratio", LAMB.withTrustRatioLimits(Limits.atMost(0.04))),
        arguments("a floor on the trust ratio", LAMB.withTrustRatioLimits(new Limits(0.2, 10))),
        arguments("a cap on the weight norm", LAMB.withWeightNormLimits(Limits.atMost(1))),
        arguments("a floor on the weight norm", LAMB.withWeightNormLimits(new Limits(8, 9))),
        arguments(
            "limits of both",
            LAMB.withWeightNormLimits(new Limits(0.5, 2))
                .withTrustRatioLimits(new Limits(0.03, 0.3))),
        arguments("beta1 = 0", LAMB.withBetas(0, 0.999)),
        arguments("beta2 = 0", LAMB.withBetas(0.9, 0)),
        arguments("both betas 0", LAMB.withBetas(0, 0)),
        arguments("betas near 1", LAMB.withBetas(0.9999, 0.99999999)),
        arguments("a large epsilon", LAMB.withEpsilon(0.25)),
        arguments("the least epsilon", LAMB.withEpsilon(Float.MIN_NORMAL)),
        arguments("LAMBC", Hyperparameters.lambC(0.03)),
        arguments(
            "a corrected learning rate", LAMB.withBiasCorrection(BiasCorrection.LEARNING_RATE)),
        arguments(
            "a corrected learning rate without adaptation",
            LAMB.withBiasCorrection(BiasCorrection.LEARNING_RATE)
                .withLayerAdaptation(LayerAdaptation.NEVER)),
        arguments("decoupled decay", DECOUPLED),
        arguments(
            "decoupled decay without adaptation",
            DECOUPLED.withLayerAdaptation(LayerAdaptation.NEVER)),
        arguments(
            "decoupled decay at the learning rate as it was",
            DECOUPLED.withBiasCorrection(BiasCorrection.LEARNING_RATE)),
        arguments(
            "decoupled decay, adaptation of groups with decay only",
            DECOUPLED.withLayerAdaptation(LayerAdaptation.WITH_DECAY)),
        arguments("no gradient averaging", LAMB.withGradientAveraging(false)),
        arguments(
            "no gradient averaging, no bias correction",
            LAMB.withGradientAveraging(false).withBiasCorrection(BiasCorrection.NONE)),
        arguments("adaptation with decay", LAMB.withLayerAdaptation(LayerAdaptation.WITH_DECAY)),
        arguments(
            "adaptation with decay, and none",
            LAMB.withLayerAdaptation(LayerAdaptation.WITH_DECAY).withWeightDecay(0)),
        arguments("LANS", LANS),
        arguments("LANS without decay", LANS.withWeightDecay(0)),
        arguments("LANS with strong decay", LANS.withWeightDecay(0.5)),
        arguments("LANS with decoupled decay", LANS.withDecoupledDecay(true).withWeightDecay(0.5)),
        arguments(
            "LANS with limits",
            LANS.withWeightNormLimits(new Limits(0.5, 2))
                .withTrustRatioLimits(new Limits(0.03, 0.04))),
        arguments("LANS without adaptation", LANS.withLayerAdaptation(LayerAdaptation.NEVER)),
        arguments(
            "LANS with a corrected learning rate",
            LANS.withBiasCorrection(BiasCorrection.LEARNING_RATE)),
        arguments(
            "LANS without gradient averaging",
            LANS.withGradientAveraging(false).withBiasCorrection(BiasCorrection.NONE)),
        arguments("LANS with beta1 = 0", LANS.withBetas(0, 0.999)),
        arguments(
            "warmup and decay",
            LAMB.withLearningRate(
                Schedule.linearWarmup(0.05, 4).then(4, Schedule.cosine(0.05, 0.001, 8)))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("variants")
  void shouldMatchFormulaForAnyHyperparameters(String name, Hyperparameters h) {
    try (Duel duel = new Duel(name.hashCode()).group("weights", h, 33, 7, 4097)) {
      duel.steps(1).assertClose();
      duel.steps(14).assertClose();
    }
  }

  @ParameterizedTest(name = "{0}, clipped")
  @MethodSource("variants")
  void shouldMatchFormulaWhenClipping(String name, Hyperparameters h) {
    try (Duel duel = new Duel(name.hashCode() + 1).clip(1).group("weights", h, 33, 7, 4097)) {
      duel.steps(12).assertClose();
    }
  }

  @Test
  void shouldTrainEachGroupWithItsOwnHyperparameters() {
    try (Duel duel =
        new Duel(2)
            .clip(40)
            .group("decayed", LAMB, 5, 2049, 64)
            .group("biases", LAMB.withWeightDecay(0), 3, 4)
            .group("slow", LAMB.withLearningRate(0.01).withBetas(0.5, 0.9), 33)
            .group("LANS", LANS, 33, 2049)
            .group("plain", Hyperparameters.adamW(Schedule.linearWarmup(0.1, 5)), 4097)) {
      for (int i = 0; i < 12; i++) {
        duel.steps(1).assertClose();
      }
    }
  }

  @Test
  void shouldNotDriftInThousandStepsWithBeta2Of0999() {
    try (Duel duel =
        new Duel(3).group("weights", LAMB.withLearningRate(0.001).withBetas(0.9, 0.999), 65)) {
      duel.steps(1000).assertClose();
    }
  }

  @Test
  void shouldDecaySecondMomentAccuratelyOverThousandSteps() {
    // With zero gradients, v is multiplied by beta2^1000, which amplifies an error in beta2.
    float[] weights = {1};
    try (Lamb lamb =
        Lamb.onCpu()
            .group("g", LAMB, Parameter.onHost("w", weights, new float[1]))
            .threads(1)
            .build()) {
      lamb.writeState("w", StateArray.SECOND_MOMENT, 0, FloatBuffer.wrap(new float[] {3}));
      for (int i = 0; i < 1000; i++) {
        lamb.step();
      }
      double v = Numbers.moment(lamb, "w", StateArray.SECOND_MOMENT, 1)[0];
      double error = Numbers.relativeError(v, 3 * Math.pow(0.999, 1000));
      assertTrue(error < 2e-6, () -> "off by " + error);
    }
  }

  @Test
  void shouldUpdateOnlyMomentsWhenLearningRateIsZero() {
    float[] weights = Numbers.normal(new Random(4), 2500, 0.05);
    int[] before = Numbers.bits(weights);
    float[] gradients = Numbers.normal(new Random(5), 2500, 1);
    Hyperparameters h = LAMB.withLearningRate(step -> step <= 3 ? 0 : 0.01);
    try (Lamb lamb =
        Lamb.onCpu().group("g", h, Parameter.onHost("w", weights, gradients)).build()) {
      lamb.step();
      float m = Numbers.moment(lamb, "w", StateArray.FIRST_MOMENT, 2500)[0];
      float v = Numbers.moment(lamb, "w", StateArray.SECOND_MOMENT, 2500)[0];
      lamb.step();
      lamb.step();
      assertArrayEquals(before, Numbers.bits(weights));
      assertNotEquals(m, Numbers.moment(lamb, "w", StateArray.FIRST_MOMENT, 2500)[0]);
      assertNotEquals(v, Numbers.moment(lamb, "w", StateArray.SECOND_MOMENT, 2500)[0]);
      lamb.step();
      assertNotEquals(before[0], Numbers.bits(weights)[0]);
    }
  }
}
