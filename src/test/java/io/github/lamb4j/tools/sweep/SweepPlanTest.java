package io.github.lamb4j.tools.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SweepPlanTest {

  @Test
  void shouldDoubleTheRates() {
    assertEquals(List.of(0.5, 1.0, 2.0, 4.0), SweepPlan.rates(0.5, 4));
    assertEquals(0.001 * 8192, SweepPlan.FULL.rates().get(13));
  }

  @Test
  void shouldScaleByTheSquareRootOfTheBatchSize() {
    assertEquals(0.1, SweepPlan.SMALL.scaled(0.1, 256));
    assertEquals(0.2, SweepPlan.SMALL.scaled(0.1, 1024));
    assertEquals(0.4, SweepPlan.SMALL.scaled(0.1, 4096));
    assertEquals(0.1 * Math.sqrt(128), SweepPlan.FULL.scaled(0.1, 32_768));
  }

  /** Rates whose scaled ones are within the grid, where the grid has them. */
  @ParameterizedTest
  @ValueSource(ints = {0, 5, 10})
  void shouldExpectTheRunsThatThereAre(int best) {
    for (SweepPlan plan : List.of(SweepPlan.SMALL, SweepPlan.FULL)) {
      Set<SweepKey> keys = new LinkedHashSet<>();
      plan.batchSizes().forEach(size -> keys.addAll(plan.grid(size)));
      for (SweepOptimizer optimizer : SweepOptimizer.values()) {
        keys.addAll(plan.transfer(optimizer, plan.rates().get(best)));
      }
      assertEquals(keys.size(), plan.expectedRuns(), plan.name());
    }
  }

  @Test
  void shouldTuneAtTheSmallestOfAscendingBatchSizes() {
    for (SweepPlan plan : List.of(SweepPlan.SMALL, SweepPlan.FULL)) {
      assertEquals(plan.batchSizes().stream().sorted().toList(), plan.batchSizes());
      assertEquals(plan.batchSizes().get(0), plan.tunedBatchSize());
      assertTrue(plan.seeds().size() > 1);
    }
  }
}
