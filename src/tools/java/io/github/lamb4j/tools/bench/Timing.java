package io.github.lamb4j.tools.bench;

import java.util.Arrays;

/**
 * How long one contender took.
 *
 * @param name the contender
 * @param cost of one step
 * @param millis every repetition, in the order in which they were taken
 */
record Timing(String name, Contender.Cost cost, double[] millis) {

  double median() {
    double[] sorted = sorted();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The least time that at least 95 % of the repetitions did not exceed. */
  double p95() {
    double[] sorted = sorted();
    return sorted[(95 * sorted.length + 99) / 100 - 1];
  }

  double least() {
    return sorted()[0];
  }

  /** 10^9 bytes a second, at the median. */
  double gigabytesPerSecond() {
    return cost.bytes() / median() / 1e6;
  }

  private double[] sorted() {
    double[] sorted = millis.clone();
    Arrays.sort(sorted);
    return sorted;
  }
}
