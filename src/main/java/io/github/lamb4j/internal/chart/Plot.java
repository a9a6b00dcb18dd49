package io.github.lamb4j.internal.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * A chart as SVG. The picture is as wide as a phone, so that its text is legible there; on wider
 * screens, several charts are side by side.
 */
final class Plot {

  private static final int WIDTH = 340;
  private static final int HEIGHT = 150;
  private static final int TOP = 22;
  private static final int ROW = 8;
  private static final int LABELS = 38;
  private static final int RIGHT = WIDTH - 8;

  /** The width of a character in a wide font. */
  private static final double CHARACTER = 7.2;

  /** More points get a few markers per line. */
  private static final int MOST_MARKERS = 24;

  private static final int FEW_MARKERS = 6;

  private final LineChart chart;
  private final Scale x;
  private final Scale y;
  private final double left;
  private final double top;
  private final double bottom;
  private final List<Integer> failureRows;
  private final StringBuilder svg = new StringBuilder();

  private Plot(LineChart chart) {
    this.chart = chart;
    x =
        new Scale(
            chart.x(),
            DoubleStream.concat(
                chart.series().stream().flatMapToDouble(Series::xs),
                DoubleStream.concat(
                    chart.spans().stream().flatMapToDouble(s -> DoubleStream.of(s.from(), s.to())),
                    chart.failures().stream().mapToDouble(LineChart.Failure::x))));
    y = new Scale(chart.y(), chart.series().stream().flatMapToDouble(Series::ys));
    int longest = y.ticks().stream().mapToInt(t -> Numbers.tick(t).length()).max().orElse(0);
    left = longest * CHARACTER + 8;
    top = TOP + ROW * chart.spans().size();
    bottom = top + HEIGHT;
    failureRows =
        chart.failures().stream().map(LineChart.Failure::style).distinct().sorted().toList();
  }

  /**
   * Draws a chart.
   *
   * @param id unique within the page
   */
  static String svg(LineChart chart, String id) {
    return new Plot(chart).draw(id);
  }

  private double axis() {
    return bottom + ROW * failureRows.size();
  }

  private String draw(String id) {
    append(
        "<svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-labelledby=\"%s-t %s-d\">",
        WIDTH, axis() + LABELS, id, id);
    append(
        "<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>%n",
        id, Html.escape(chart.title()), id, Html.escape(Description.of(chart)));
    text("start", 2, 12, chart.y().title() + (y.isLogarithmic() ? " (log scale)" : ""));
    drawAxes();
    if (chart.series().stream().flatMapToDouble(Series::ys).noneMatch(this::isDrawn)) {
      text("middle", (left + RIGHT) / 2, (top + bottom) / 2, "no finite values");
    }
    drawSpans();
    chart.series().forEach(this::draw);
    drawFailures();
    return svg.append("</svg>\n").toString();
  }

  private boolean isDrawn(double value) {
    return !Double.isNaN(y.position(value));
  }

  private double xAt(double value) {
    return left + x.position(value) * (RIGHT - left);
  }

  private double yAt(double value) {
    return bottom - y.position(value) * HEIGHT;
  }

  private void drawAxes() {
    for (double tick : y.ticks()) {
      double at = yAt(tick);
      if (at >= top && at <= bottom) {
        append("<path class=\"grid\" d=\"M%.1f %.1fH%d\"/>", left, at, RIGHT);
        text("end", left - 4, at + 4, Numbers.tick(tick));
      }
    }
    append("<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%d\"/>%n", left, top, axis(), RIGHT);
    double free = 0;
    for (double tick : x.ticks()) {
      double at = xAt(tick);
      if (at >= left && at <= RIGHT) {
        append("<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", at, axis());
        String label = Numbers.tick(tick);
        double half = label.length() * CHARACTER / 2;
        double middle = Math.min(at, WIDTH - half);
        if (middle - half >= free) {
          text("middle", middle, axis() + 16, label);
          free = middle + half + CHARACTER / 2;
        }
      }
    }
    String scale = x.isLogarithmic() ? " (log scale)" : "";
    text("middle", (left + RIGHT) / 2, axis() + 32, chart.x().title() + scale);
  }

  private void drawSpans() {
    for (int i = 0; i < chart.spans().size(); i++) {
      LineChart.Span span = chart.spans().get(i);
      double from = xAt(span.from());
      double to = xAt(span.to());
      double at = TOP + ROW * i;
      String color = Style.color(span.style());
      append("<path class=\"span %s\" d=\"M%.1f %.1fH%.1f\"/>", color, from, at, to);
      svg.append(Style.marker(span.style(), from, at)).append(Style.marker(span.style(), to, at));
    }
  }

  private void drawFailures() {
    for (LineChart.Failure failure : chart.failures()) {
      double at = bottom + ROW * (failureRows.indexOf(failure.style()) + 0.5);
      append(
          "<path class=\"range %s\" d=\"M%.1f %.1fm-3-3l6 6m0-6l-6 6\"/>",
          Style.color(failure.style()), xAt(failure.x()), at);
    }
  }

  private void draw(Series series) {
    int drawn = (int) series.points().stream().filter(this::isDrawn).count();
    int stride = drawn <= MOST_MARKERS ? 1 : drawn / FEW_MARKERS;
    int index = series.style() * stride / Series.STYLES;
    for (List<Series.Point> run : runs(series)) {
      if (series.kind() == Series.Kind.BAND) {
        drawBand(series, run);
        continue;
      }
      if (run.size() > 1) {
        append(
            "<path class=\"line %s\"%s d=\"%s\"/>",
            Style.color(series.style()), Style.dashes(series.style()), path(series, run));
      }
      for (Series.Point point : run) {
        drawRange(series, point);
        if (index++ % stride == 0 || run.size() == 1) {
          svg.append(Style.marker(series.style(), xAt(point.x()), yAt(point.y())));
        }
      }
    }
    svg.append('\n');
  }

  private void drawRange(Series series, Series.Point point) {
    if (point.hasRange() && isDrawn(point.low()) && isDrawn(point.high())) {
      append(
          "<path class=\"range %s\" d=\"M%.1f %.1fm-3 0h6m-3 0V%.1fm-3 0h6\"/>",
          Style.color(series.style()), xAt(point.x()), yAt(point.low()), yAt(point.high()));
    }
  }

  private void drawBand(Series series, List<Series.Point> run) {
    StringBuilder edge = new StringBuilder("M");
    run.forEach(p -> edge.append(at("%.1f %.1f ", xAt(p.x()), yAt(p.high()))));
    for (int i = run.size() - 1; i >= 0; i--) {
      edge.append(at("%.1f %.1f ", xAt(run.get(i).x()), yAt(run.get(i).low())));
    }
    append("<path class=\"band %s\" d=\"%sz\"/>", Style.color(series.style()), edge);
  }

  private String path(Series series, List<Series.Point> run) {
    StringBuilder path = new StringBuilder("M");
    for (Series.Point p : run) {
      boolean isStep = series.kind() == Series.Kind.STEPS && path.length() > 1;
      path.append(at(isStep ? "H%.1fV%.1f" : "%.1f %.1f ", xAt(p.x()), yAt(p.y())));
    }
    return path.toString();
  }

  private boolean isDrawn(Series.Point p) {
    return !Double.isNaN(x.position(p.x()))
        && Stream.of(p.y(), p.low(), p.high()).allMatch(this::isDrawn);
  }

  /** The parts of a line between gaps, and between returns to an earlier x. */
  private List<List<Series.Point>> runs(Series series) {
    List<List<Series.Point>> runs = new ArrayList<>();
    double last = Double.NaN;
    for (Series.Point point : series.points()) {
      if (!isDrawn(point)) {
        last = Double.NaN;
        continue;
      }
      if (!(point.x() >= last)) {
        runs.add(new ArrayList<>());
      }
      runs.get(runs.size() - 1).add(point);
      last = point.x();
    }
    return runs;
  }

  private void text(String anchor, double atX, double atY, String text) {
    append(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
        atX, atY, anchor, Html.escape(text));
  }

  private void append(String format, Object... values) {
    svg.append(at(format, values));
  }

  private static String at(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
