package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.UpdateRule;
import java.util.function.BiFunction;

/**
 * How to read back each of {@link Hyperparameters#values}, which a state file records. The learning
 * rate is not among them, because it is a function of the step.
 */
enum SavedHyperparameter {
  BETA1("beta1", (h, text) -> h.withBetas(Double.parseDouble(text), h.beta2())),
  BETA2("beta2", (h, text) -> h.withBetas(h.beta1(), Double.parseDouble(text))),
  EPSILON("epsilon", (h, text) -> h.withEpsilon(Double.parseDouble(text))),
  WEIGHT_DECAY("weightDecay", (h, text) -> h.withWeightDecay(Double.parseDouble(text))),
  DECOUPLED_DECAY("decoupledDecay", (h, text) -> h.withDecoupledDecay(bool(text))),
  BIAS_CORRECTION(
      "biasCorrection", (h, text) -> h.withBiasCorrection(BiasCorrection.valueOf(text))),
  GRADIENT_AVERAGING("gradientAveraging", (h, text) -> h.withGradientAveraging(bool(text))),
  LAYER_ADAPTATION(
      "layerAdaptation", (h, text) -> h.withLayerAdaptation(LayerAdaptation.valueOf(text))),
  WEIGHT_NORM_MIN(
      "weightNormLimits.min",
      (h, text) -> h.withWeightNormLimits(withMin(h.weightNormLimits(), text))),
  WEIGHT_NORM_MAX(
      "weightNormLimits.max",
      (h, text) -> h.withWeightNormLimits(withMax(h.weightNormLimits(), text))),
  TRUST_RATIO_MIN(
      "trustRatioLimits.min",
      (h, text) -> h.withTrustRatioLimits(withMin(h.trustRatioLimits(), text))),
  TRUST_RATIO_MAX(
      "trustRatioLimits.max",
      (h, text) -> h.withTrustRatioLimits(withMax(h.trustRatioLimits(), text))),
  UPDATE_RULE("updateRule", (h, text) -> h.withUpdateRule(UpdateRule.valueOf(text)));

  private final String label;
  private final BiFunction<Hyperparameters, String, Hyperparameters> setter;

  SavedHyperparameter(String label, BiFunction<Hyperparameters, String, Hyperparameters> setter) {
    this.label = label;
    this.setter = setter;
  }

  /** The name in messages; files have it in snake case. */
  String label() {
    return label;
  }

  Object of(Hyperparameters hyperparameters) {
    return hyperparameters.values().get(label);
  }

  /**
   * Reads a value.
   *
   * @throws IllegalArgumentException if the text is not a value of this hyperparameter
   */
  Hyperparameters set(Hyperparameters hyperparameters, String text) {
    return setter.apply(hyperparameters, text);
  }

  private static boolean bool(String text) {
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException("must be true or false");
    }
    return text.equals("true");
  }

  private static Limits withMin(Limits limits, String text) {
    return new Limits(Double.parseDouble(text), limits.max());
  }

  private static Limits withMax(Limits limits, String text) {
    return new Limits(limits.min(), Double.parseDouble(text));
  }
}
