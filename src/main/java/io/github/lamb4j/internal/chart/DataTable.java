package io.github.lamb4j.internal.chart;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Numbers as text. The first column names the row.
 *
 * @param caption what the table holds
 * @param header the names of the columns
 * @param rows as many cells as there are columns
 */
public record DataTable(String caption, List<String> header, List<List<String>> rows) {

  /** An x may come more than once, for example a step of which two reports exist. */
  private record Row(double x, int occurrence) {}

  /** The numbers of a chart, with a row for each x. */
  public static DataTable of(LineChart chart) {
    List<String> header = new ArrayList<>(List.of(chart.x().title()));
    Map<Row, List<String>> rows =
        new TreeMap<>(Comparator.comparingDouble(Row::x).thenComparing(Row::occurrence));
    int columns = chart.series().size();
    for (int column = 0; column < columns; column++) {
      Series series = chart.series().get(column);
      header.add(series.name());
      Map<Double, Integer> occurrences = new HashMap<>();
      for (Series.Point point : series.points()) {
        Row row = new Row(point.x(), occurrences.merge(point.x(), 1, Integer::sum));
        rows.computeIfAbsent(row, r -> new ArrayList<>(Collections.nCopies(columns, "")))
            .set(column, cell(series, point));
      }
    }
    List<List<String>> cells = new ArrayList<>();
    rows.forEach(
        (row, values) -> {
          List<String> line = new ArrayList<>(List.of(Numbers.of(row.x())));
          line.addAll(values);
          cells.add(line);
        });
    return new DataTable(caption(chart), header, cells);
  }

  private static String caption(LineChart chart) {
    String quantity = chart.y().title();
    return chart.title().toLowerCase(Locale.ROOT).startsWith(quantity.toLowerCase(Locale.ROOT))
        ? chart.title()
        : chart.title() + ": " + quantity;
  }

  private static String cell(Series series, Series.Point point) {
    String range = Numbers.of(point.low()) + " to " + Numbers.of(point.high());
    if (series.kind() == Series.Kind.BAND) {
      return range;
    }
    return Numbers.of(point.y()) + (point.hasRange() ? " (" + range + ")" : "");
  }

  /** Appends the table, which scrolls within its place if it is too large. */
  void appendTo(StringBuilder html) {
    String name = Html.escape(caption);
    html.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"")
        .append(name)
        .append("\"><table><caption>")
        .append(name)
        .append("</caption>\n<thead><tr>");
    header.forEach(
        cell -> html.append("<th scope=\"col\">").append(Html.escape(cell)).append("</th>"));
    html.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows) {
      html.append("<tr><th scope=\"row\">").append(Html.escape(row.get(0))).append("</th>");
      row.stream()
          .skip(1)
          .forEach(cell -> html.append("<td>").append(Html.escape(cell)).append("</td>"));
      html.append("</tr>\n");
    }
    html.append("</tbody></table></div>\n");
  }
}
