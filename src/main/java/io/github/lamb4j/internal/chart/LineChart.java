package io.github.lamb4j.internal.chart;

import java.util.ArrayList;
import java.util.List;

/** What a chart shows: series over two axes, ranges of x above them, and failures below. */
public final class LineChart {

  /** A range of x. */
  record Span(String name, int style, double from, double to) {}

  /** An x without a value. */
  record Failure(int style, double x) {}

  private final String title;
  private final Axis x;
  private final Axis y;
  private final List<Series> series = new ArrayList<>();
  private final List<Span> spans = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();
  private String spansTitle = "";
  private String failuresTitle = "";

  /** An empty chart. */
  public LineChart(String title, Axis x, Axis y) {
    this.title = title;
    this.x = x;
    this.y = y;
  }

  /** Adds a series; areas should come first, since later ones are drawn over them. */
  public LineChart add(Series added) {
    series.add(added);
    return this;
  }

  /**
   * Marks a range of x with a bar above the plot, in the style of a series.
   *
   * @param meaning what the bars mean, the same for all of a chart
   */
  public LineChart addSpan(String meaning, String name, int style, double from, double to) {
    spansTitle = meaning;
    spans.add(new Span(name, style, from, to));
    return this;
  }

  /**
   * Marks an x with a cross at the bottom, in the style of a series.
   *
   * @param meaning what the crosses mean, the same for all of a chart
   */
  public LineChart addFailure(String meaning, int style, double at) {
    failuresTitle = meaning;
    failures.add(new Failure(style, at));
    return this;
  }

  /** What the chart shows. */
  public String title() {
    return title;
  }

  Axis x() {
    return x;
  }

  Axis y() {
    return y;
  }

  List<Series> series() {
    return series;
  }

  List<Span> spans() {
    return spans;
  }

  List<Failure> failures() {
    return failures;
  }

  /** What the bars mean; empty without any. */
  String spansTitle() {
    return spansTitle;
  }

  /** What the crosses mean; empty without any. */
  String failuresTitle() {
    return failuresTitle;
  }
}
