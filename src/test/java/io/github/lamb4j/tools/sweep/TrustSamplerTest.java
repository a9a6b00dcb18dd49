package io.github.lamb4j.tools.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrustSamplerTest {

  private final float[] gradient = {1, 2, 3};

  private Lamb optimizer(boolean adapted) {
    Hyperparameters lamb = Hyperparameters.lamb(0.1);
    Hyperparameters plain = lamb.withLayerAdaptation(LayerAdaptation.NEVER);
    return Lamb.onCpu()
        .threads(1)
        .nonFiniteGradients(NonFiniteGradients.SKIP)
        .group(
            "weights",
            adapted ? lamb : plain,
            Parameter.onHost("w", new float[] {3, 2, 1}, gradient))
        .group("biases", plain, Parameter.onHost("b", new float[1], new float[1]))
        .build();
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "2, 1, 2", "50, 1, 50", "51, 2, 26", "75, 2, 38", "1000, 20, 51"})
  void shouldReadTheFirstTheLastAndAboutFiftyInAll(long last, long stride, int count) {
    List<Double> expected = new ArrayList<>();
    List<Long> steps = new ArrayList<>();
    try (Lamb optimizer = optimizer(true)) {
      TrustSampler sampler = new TrustSampler(optimizer, last);
      for (long step = 1; step <= last; step++) {
        optimizer.step();
        sampler.sample();
        if ((step - 1) % stride == 0 || step == last) {
          steps.add(step);
          expected.add(optimizer.layerStats().get(0).trustRatio());
        }
      }
      assertEquals(count, steps.size());
      assertEquals(List.of(new SweepCell.TrustCurve("w", steps, expected)), sampler.curves());
    }
    assertTrue(last == 1 || expected.stream().distinct().count() > 1, expected.toString());
  }

  @Test
  void shouldBeginAfterSkippedSteps() {
    gradient[1] = Float.NaN;
    try (Lamb optimizer = optimizer(true)) {
      TrustSampler sampler = new TrustSampler(optimizer, 4);
      optimizer.step();
      sampler.sample();
      gradient[1] = 2;
      optimizer.step();
      sampler.sample();
      assertEquals(List.of(2L), sampler.curves().get(0).steps());
      assertEquals(1, sampler.curves().get(0).values().size());
    }
  }

  @Test
  void shouldReadNothingWithoutAdaptedLayers() {
    try (Lamb optimizer = optimizer(false)) {
      TrustSampler sampler = new TrustSampler(optimizer, 1);
      optimizer.step();
      sampler.sample();
      assertEquals(List.of(), sampler.curves());
    }
  }
}
