package io.github.lamb4j.internal.chart;

import java.util.List;
import java.util.stream.DoubleStream;

/** Maps the values of an axis to positions between 0 and 1. */
final class Scale {

  /** Larger numbers are not drawn: differences of theirs could overflow. */
  private static final double LARGEST = 1e300;

  private static final double MARGIN = 0.04;
  private static final int TICKS = 6;

  private final boolean logarithmic;
  private final double low;
  private final double high;
  private final List<Double> ticks;

  /** Spans the values that can be drawn, with a margin, and labels round numbers. */
  Scale(Axis axis, DoubleStream values) {
    double[] drawable =
        DoubleStream.concat(values, DoubleStream.of(axis.low(), axis.high()))
            .filter(v -> Math.abs(v) <= LARGEST)
            .toArray();
    boolean anyPositive = DoubleStream.of(drawable).anyMatch(v -> v > 0);
    logarithmic = axis.logarithmic() && (anyPositive || drawable.length == 0);
    double[] range =
        DoubleStream.of(drawable)
            .filter(v -> !logarithmic || v > 0)
            .map(this::unit)
            .sorted()
            .toArray();
    if (range.length == 0) {
      low = 0;
      high = 1;
      ticks = List.of();
      return;
    }
    double first = range[0];
    double last = range[range.length - 1];
    double margin = first < last ? (last - first) * MARGIN : marginOfOne(first);
    low = first - margin;
    high = last + margin;
    ticks = axis.ticks().isEmpty() ? Ticks.of(logarithmic, low, high, TICKS) : axis.ticks();
  }

  private double marginOfOne(double value) {
    return logarithmic ? Math.log10(2) : value == 0 ? 1 : Math.abs(value) / 2;
  }

  private double unit(double value) {
    return logarithmic ? Math.log10(value) : value;
  }

  boolean isLogarithmic() {
    return logarithmic;
  }

  /** The position, or NaN for a value that cannot be drawn. */
  double position(double value) {
    return Math.abs(value) <= LARGEST && (!logarithmic || value > 0)
        ? (unit(value) - low) / (high - low)
        : Double.NaN;
  }

  /** The values to label, ascending. */
  List<Double> ticks() {
    return ticks;
  }
}
