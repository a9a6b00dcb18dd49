package io.github.lamb4j.internal.chart;

import java.util.List;
import java.util.StringJoiner;

/** A chart in words, for readers who cannot see it. */
final class Description {

  private Description() {}

  static String of(LineChart chart) {
    StringJoiner words = new StringJoiner(" ");
    words.add("Line chart of " + chart.y().title() + " against " + chart.x().title() + ".");
    chart.series().forEach(series -> words.add(of(series)));
    chart
        .spans()
        .forEach(
            span ->
                words.add(
                    "%s, %s: %s to %s."
                        .formatted(
                            Html.shorten(span.name()),
                            chart.spansTitle(),
                            Numbers.of(span.from()),
                            Numbers.of(span.to()))));
    if (!chart.failures().isEmpty()) {
      words.add(
          "Marks below the plot: %d (%s)."
              .formatted(chart.failures().size(), chart.failuresTitle()));
    }
    return words.add("The table below has the numbers.").toString();
  }

  private static String of(Series series) {
    List<Series.Point> finite =
        series.points().stream()
            .filter(p -> Double.isFinite(p.low()) && Double.isFinite(p.high()))
            .toList();
    String name = Html.shorten(series.name());
    if (finite.isEmpty()) {
      return name + ": no finite values.";
    }
    double low = finite.stream().mapToDouble(Series.Point::low).min().orElse(Double.NaN);
    double high = finite.stream().mapToDouble(Series.Point::high).max().orElse(Double.NaN);
    Series.Point first = finite.get(0);
    Series.Point last = finite.get(finite.size() - 1);
    String range = name + ": " + Numbers.of(low) + " to " + Numbers.of(high);
    return series.kind() == Series.Kind.BAND
        ? range + "."
        : range + ", first " + Numbers.of(first.y()) + ", last " + Numbers.of(last.y()) + ".";
  }
}
