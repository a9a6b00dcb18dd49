package io.github.lamb4j.internal.chart;

import java.util.List;

/**
 * An axis of a chart. Its range is that of the data unless the data lies within a wider one.
 *
 * @param title the quantity, with its unit if it has one
 * @param logarithmic whether equal ratios are equally far apart; values at or below 0 are not drawn
 * @param ticks the values to label; empty for a choice by range
 * @param low a value that the range includes; NaN for none
 * @param high a value that the range includes; NaN for none
 */
public record Axis(String title, boolean logarithmic, List<Double> ticks, double low, double high) {

  /** An axis with equal differences equally far apart. */
  public static Axis linear(String title) {
    return new Axis(title, false, List.of(), Double.NaN, Double.NaN);
  }

  /** An axis with equal ratios equally far apart. */
  public static Axis logarithmic(String title) {
    return new Axis(title, true, List.of(), Double.NaN, Double.NaN);
  }

  /** Labels these values, as far as they fit. */
  public Axis withTicks(List<Double> values) {
    return new Axis(title, logarithmic, List.copyOf(values), low, high);
  }

  /** Includes a range, so that charts can be compared. */
  public Axis covering(double from, double to) {
    return new Axis(title, logarithmic, ticks, from, to);
  }
}
