package io.github.lamb4j.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.UpdateRule;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every hyperparameter can be read back from a state file. */
class SavedHyperparameterTest {

  @Test
  void shouldCoverEveryHyperparameter() {
    assertEquals(
        List.copyOf(Hyperparameters.lamb(1).values().keySet()),
        Arrays.stream(SavedHyperparameter.values()).map(SavedHyperparameter::label).toList());
  }

  @Test
  void shouldReadBackEveryValue() {
    Hyperparameters original =
        Hyperparameters.lamb(1)
            .withBetas(0.8, 0.99)
            .withEpsilon(1e-7)
            .withWeightDecay(0.3)
            .withDecoupledDecay(true)
            .withBiasCorrection(BiasCorrection.LEARNING_RATE)
            .withGradientAveraging(false)
            .withLayerAdaptation(LayerAdaptation.WITH_DECAY)
            .withWeightNormLimits(new Limits(0.1, 10))
            .withTrustRatioLimits(new Limits(0.01, 5))
            .withUpdateRule(UpdateRule.LANS);
    Hyperparameters read = Hyperparameters.lamb(1);
    for (SavedHyperparameter each : SavedHyperparameter.values()) {
      read = each.set(read, each.of(original).toString());
    }
    assertEquals(original.values(), read.values());
  }
}
