package io.github.lamb4j.tools.sweep;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The settings of a sweep.
 *
 * @param name of the preset
 * @param glosses the number of glosses, chosen at random by each seed
 * @param epochs passes over the training examples
 * @param batchSizes ascending; rates are tuned at the first
 * @param rates the grid, ascending
 * @param seeds of the runs of each cell of the grid
 */
public record SweepPlan(
    String name,
    int glosses,
    int epochs,
    List<Integer> batchSizes,
    List<Double> rates,
    List<Long> seeds) {

  /** Less than five minutes on two cores. */
  public static final SweepPlan SMALL =
      new SweepPlan(
          "small", 20_000, 3, List.of(256, 1024, 4096), rates(0.001, 14), List.of(1L, 2L, 3L));

  /** About half an hour on two cores. */
  public static final SweepPlan FULL =
      new SweepPlan(
          "full",
          Integer.MAX_VALUE,
          3,
          List.of(256, 1024, 4096, 16_384, 32_768),
          rates(0.001, 14),
          List.of(1L, 2L, 3L));

  /** Rates from the least one, each twice the one before. */
  static List<Double> rates(double least, int count) {
    return IntStream.range(0, count).mapToObj(i -> least * (1L << i)).toList();
  }

  /** The batch size at which rates are tuned. */
  int tunedBatchSize() {
    return batchSizes.get(0);
  }

  /** The rule of the LAMB paper: the square root of the ratio of the batch sizes. */
  double scaled(double tunedRate, int batchSize) {
    return tunedRate * Math.sqrt((double) batchSize / tunedBatchSize());
  }

  /** The runs of the grid at a batch size. */
  List<SweepKey> grid(int batchSize) {
    List<SweepKey> keys = new ArrayList<>();
    for (SweepOptimizer optimizer : SweepOptimizer.values()) {
      for (double rate : rates) {
        for (long seed : seeds) {
          keys.add(new SweepKey(optimizer, batchSize, rate, seed));
        }
      }
    }
    return keys;
  }

  /** The runs of an optimizer with its tuned rate at all batch sizes. */
  List<SweepKey> transfer(SweepOptimizer optimizer, double tunedRate) {
    List<SweepKey> keys = new ArrayList<>();
    for (int batchSize : batchSizes) {
      for (long seed : seeds) {
        keys.add(new SweepKey(optimizer, batchSize, scaled(tunedRate, batchSize), seed));
      }
    }
    return keys;
  }

  /** About as many runs as there will be: scaled rates between those of the grid are extra. */
  int expectedRuns() {
    long between =
        batchSizes.stream()
            .mapToDouble(size -> Math.log(scaled(1, size)) / Math.log(2))
            .filter(steps -> Math.abs(steps - Math.rint(steps)) > 1e-9)
            .count();
    int each = batchSizes.size() * rates.size() + (int) between;
    return each * SweepOptimizer.values().length * seeds.size();
  }
}
