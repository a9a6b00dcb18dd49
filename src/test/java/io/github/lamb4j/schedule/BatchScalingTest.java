package io.github.lamb4j.schedule;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BatchScalingTest {

  private static final double EXACT = 1e-15;

  @Test
  void shouldScaleRateWithSquareRootOfBatch() {
    assertEquals(5e-3, new BatchScaling(512, 32_768).learningRate(6.25e-4), EXACT);
    assertEquals(0.01 * Math.sqrt(2), new BatchScaling(256, 512).learningRate(0.01), EXACT);
    assertEquals(0.05, new BatchScaling(1024, 256).learningRate(0.1), EXACT);
    assertEquals(0, new BatchScaling(1, 7).learningRate(0));
  }

  @Test
  void shouldScaleWarmupEpochsWithBatch() {
    assertEquals(16, new BatchScaling(512, 32_768).warmupEpochs(0.25), EXACT);
    assertEquals(1 / 160.0, new BatchScaling(512, 1024).warmupEpochs(1 / 320.0), EXACT);
    assertEquals(0.5, new BatchScaling(100, 50).warmupEpochs(1), EXACT);
    assertEquals(0, new BatchScaling(1, 7).warmupEpochs(0));
  }

  @Test
  void shouldProcessSameNumberOfExamples() {
    assertEquals(15_625, new BatchScaling(512, 32_768).steps(1_000_000));
    assertEquals(64_000_000, new BatchScaling(32_768, 512).steps(1_000_000));
    assertEquals(4, new BatchScaling(10, 3).steps(1), "10 examples are 3 steps and one more");
    assertEquals(1, new BatchScaling(1, 1000).steps(1));
    assertEquals(1, new BatchScaling(Long.MAX_VALUE, Long.MAX_VALUE).steps(1));
  }

  @Test
  void shouldKeepNumberOfWarmupSteps() {
    for (long batch = 1; batch <= 4096; batch *= 2) {
      BatchScaling scaling = new BatchScaling(64, batch);
      double stepsPerEpoch = scaling.steps(1 << 20) / 90.0;
      assertEquals(
          0.5 * (1 << 20) / 90, scaling.warmupEpochs(0.5) * stepsPerEpoch, 1e-9, "batch " + batch);
    }
  }

  @Test
  void shouldBeInvertible() {
    for (long batch = 1; batch < 10_000; batch += 37) {
      BatchScaling there = new BatchScaling(384, batch);
      BatchScaling back = new BatchScaling(batch, 384);
      assertEquals(0.01, back.learningRate(there.learningRate(0.01)), EXACT);
      assertEquals(2.5, back.warmupEpochs(there.warmupEpochs(2.5)), EXACT);
    }
  }

  @Test
  void shouldRejectInvalidValues() {
    BatchScaling scaling = new BatchScaling(1, 2);
    assertRefused(() -> new BatchScaling(0, 1), "reference batch 0", "must be at least 1");
    assertRefused(() -> new BatchScaling(1, -1), "batch -1", "must be at least 1");
    assertRefused(() -> scaling.learningRate(-1), "reference learning rate -1.0", "must be");
    assertRefused(() -> scaling.warmupEpochs(Double.NaN), "reference warmup epochs NaN", "must be");
    assertRefused(() -> scaling.steps(0), "reference steps 0", "must be at least 1");
  }
}
