package io.github.lamb4j.internal.runpage;

import io.github.lamb4j.internal.chart.Axis;
import io.github.lamb4j.internal.chart.DataTable;
import io.github.lamb4j.internal.chart.Figure;
import io.github.lamb4j.internal.chart.LineChart;
import io.github.lamb4j.internal.chart.Numbers;
import io.github.lamb4j.internal.chart.Series;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A quantity over the steps of a run, by layer or group. A few names are a line each; many are the
 * range over all, with the median and the lowest and highest of the last step.
 */
final class Curves {

  private static final String NOT_FINITE = "a value is not finite";

  private static final int LOWEST_STYLE = 1;
  private static final int HIGHEST_STYLE = 2;
  private static final int MEDIAN_STYLE = 7;

  /** The values of a name: NaN where it has none, or one that is not finite. */
  private static final class Curve {
    private final int index;
    private final double[] values;
    private final boolean[] isFailed;

    Curve(int index, int steps) {
      this.index = index;
      values = new double[steps];
      Arrays.fill(values, Double.NaN);
      isFailed = new boolean[steps];
    }

    boolean isFiniteAt(int step) {
      return Double.isFinite(values[step]);
    }

    boolean isKnownAt(int step) {
      return isFiniteAt(step) || isFailed[step];
    }

    boolean hasFiniteValues() {
      return Arrays.stream(values).anyMatch(Double::isFinite);
    }

    boolean isAlways(double value) {
      return IntStream.range(0, values.length).allMatch(i -> values[i] == value || !isKnownAt(i));
    }
  }

  private final String title;
  private final Axis y;
  private final double[] steps;
  private final Map<String, Curve> curves = new LinkedHashMap<>();

  /** The number of names before some were removed. */
  private int names;

  Curves(String title, Axis y, double[] steps) {
    this.title = title;
    this.y = y;
    this.steps = steps;
  }

  /** Sets the value that a name has at the step of an index. */
  void set(String name, int step, double value) {
    Curve curve = curves.computeIfAbsent(name, n -> new Curve(names++, steps.length));
    curve.values[step] = value;
    curve.isFailed[step] = !Double.isFinite(value);
  }

  /** Removes the names that have this value at all their steps. */
  Curves without(double value) {
    curves.values().removeIf(curve -> curve.isAlways(value));
    return this;
  }

  /** Removes the names whose values are all unknown. */
  Curves withoutUnknown() {
    curves.values().removeIf(curve -> !curve.hasFiniteValues());
    return this;
  }

  int size() {
    return curves.size();
  }

  /** The first, smallest, largest and last value of a name; NaN if it is not finite. */
  List<Double> statistics(String name) {
    Curve curve = curves.get(name);
    int[] known = IntStream.range(0, steps.length).filter(curve::isKnownAt).toArray();
    double[] finite = Arrays.stream(curve.values).filter(Double::isFinite).sorted().toArray();
    return List.of(
        curve.values[known[0]],
        finite.length == 0 ? Double.NaN : finite[0],
        finite.length == 0 ? Double.NaN : finite[finite.length - 1],
        curve.values[known[known.length - 1]]);
  }

  boolean contains(String name) {
    return curves.containsKey(name);
  }

  Figure figure() {
    LineChart chart = new LineChart(title, Axis.linear("step"), y);
    if (curves.size() > Series.STYLES) {
      return range(chart);
    }
    int position = 0;
    for (Map.Entry<String, Curve> entry : curves.entrySet()) {
      // If possible, a layer looks the same in the charts of all quantities.
      int style = names > Series.STYLES ? position : entry.getValue().index;
      chart.add(line(entry.getKey(), style, entry.getValue().values));
      addFailures(chart, style, entry.getValue());
      position++;
    }
    return Figure.of(chart);
  }

  private Series line(String name, int style, double[] line) {
    return Series.line(
        name,
        style,
        IntStream.range(0, steps.length)
            .mapToObj(i -> new Series.Point(steps[i], line[i]))
            .toList());
  }

  /** Marks where values stop being finite; after a divergence, marks of all would be a bar. */
  private void addFailures(LineChart chart, int style, Curve curve) {
    for (int i = 0; i < steps.length; i++) {
      if (curve.isFailed[i] && (i == 0 || !curve.isFailed[i - 1])) {
        chart.addFailure(NOT_FINITE, style, steps[i]);
      }
    }
  }

  private Figure range(LineChart chart) {
    List<Series.Point> band = new ArrayList<>();
    double[] medians = new double[steps.length];
    List<List<String>> rows = new ArrayList<>();
    List<String> atTheEnd = List.of();
    for (int i = 0; i < steps.length; i++) {
      List<String> names = sorted(i);
      if (names.isEmpty()) {
        medians[i] = Double.NaN;
        band.add(new Series.Point(steps[i], Double.NaN));
        continue;
      }
      atTheEnd = names;
      String lowest = names.get(0);
      String highest = names.get(names.size() - 1);
      double low = value(lowest, i);
      double high = value(highest, i);
      medians[i] = value(names.get(names.size() / 2), i);
      band.add(new Series.Point(steps[i], medians[i], low, high));
      rows.add(
          List.of(
              Numbers.of(steps[i]),
              Numbers.of(low),
              lowest,
              Numbers.of(medians[i]),
              Numbers.of(high),
              highest));
    }
    chart.add(Series.band("range of all " + curves.size(), 0, band));
    chart.add(line("median", MEDIAN_STYLE, medians));
    if (!atTheEnd.isEmpty()) {
      addExtreme(chart, "lowest at the end", LOWEST_STYLE, atTheEnd.get(0));
      addExtreme(chart, "highest at the end", HIGHEST_STYLE, atTheEnd.get(atTheEnd.size() - 1));
    }
    curves.values().forEach(curve -> addFailures(chart, 0, curve));
    List<String> header = List.of("step", "lowest", "of", "median", "highest", "of");
    return new Figure(chart, new DataTable(title, header, rows));
  }

  private void addExtreme(LineChart chart, String role, int style, String name) {
    chart.add(line(role + ": " + name, style, curves.get(name).values));
  }

  private double value(String name, int step) {
    return curves.get(name).values[step];
  }

  /** The names with a finite value at a step, by value. */
  private List<String> sorted(int step) {
    return curves.entrySet().stream()
        .filter(entry -> entry.getValue().isFiniteAt(step))
        .sorted(Comparator.comparingDouble(entry -> entry.getValue().values[step]))
        .map(Map.Entry::getKey)
        .toList();
  }
}
