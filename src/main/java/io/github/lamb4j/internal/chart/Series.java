package io.github.lamb4j.internal.chart;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * What one line or area of a chart shows.
 *
 * @param name in the legend and the table
 * @param style the index of color, dashes and marker
 * @param kind how it is drawn
 * @param points in the order in which they are connected
 */
public record Series(String name, int style, Kind kind, List<Point> points) {

  /** The number of styles that can be told apart. */
  public static final int STYLES = 8;

  /** How a series is drawn. */
  public enum Kind {
    /** Points connected by straight lines. */
    LINE,
    /** A value that stays until the next point. */
    STEPS,
    /** The area between the lowest and highest values. */
    BAND
  }

  /**
   * A value, and the range that it stands for. The line has a gap where a value is not finite.
   *
   * @param x the horizontal position
   * @param y the value
   * @param low the lowest of the range; y if there is only one value
   * @param high the highest of the range; y if there is only one value
   */
  public record Point(double x, double y, double low, double high) {

    /** A single value. */
    public Point(double x, double y) {
      this(x, y, y, y);
    }

    boolean hasRange() {
      return low < high;
    }
  }

  /** Points connected by straight lines. */
  public static Series line(String name, int style, List<Point> points) {
    return new Series(name, style, Kind.LINE, points);
  }

  /** A value that stays until the next point. */
  public static Series steps(String name, int style, List<Point> points) {
    return new Series(name, style, Kind.STEPS, points);
  }

  /** The area between the points' lowest and highest values. */
  public static Series band(String name, int style, List<Point> points) {
    return new Series(name, style, Kind.BAND, points);
  }

  DoubleStream xs() {
    return points.stream().mapToDouble(Point::x);
  }

  DoubleStream ys() {
    return points.stream().flatMapToDouble(p -> DoubleStream.of(p.y, p.low, p.high));
  }
}
