package io.github.lamb4j.tools.bench;

import java.util.Arrays;

/**
 * The times of one contender.
 *
 * @param name the contender's name
 * @param cost the cost of one step
 * @param millis the time of every repetition, in order
 */
record Timing(String name, Contender.Cost cost, double[] millis) {

  double median() {
    double[] sorted = sorted();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The 95th percentile, by nearest rank. */
  double p95() {
    double[] sorted = sorted();
    return sorted[(95 * sorted.length + 99) / 100 - 1];
  }

  double min() {
    return sorted()[0];
  }

  /** The bandwidth at the median time, in 10^9 bytes per second. */
  double gigabytesPerSecond() {
    return cost.bytes() / median() / 1e6;
  }

  private double[] sorted() {
    double[] sorted = millis.clone();
    Arrays.sort(sorted);
    return sorted;
  }
}
