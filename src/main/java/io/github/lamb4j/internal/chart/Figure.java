package io.github.lamb4j.internal.chart;

import java.util.ArrayList;
import java.util.List;

/**
 * A chart with its legend, and the numbers behind it.
 *
 * @param chart the picture
 * @param table the numbers
 */
public record Figure(LineChart chart, DataTable table) {

  /** A chart with its own numbers. */
  public static Figure of(LineChart chart) {
    return new Figure(chart, DataTable.of(chart));
  }

  void appendTo(StringBuilder html, String id) {
    html.append("<figure>\n<figcaption>")
        .append(Html.escape(chart.title()))
        .append("</figcaption>\n")
        .append(Plot.svg(chart, id))
        .append("<ul class=\"legend\">");
    legend().forEach(entry -> html.append("<li>").append(entry).append("</li>"));
    html.append("</ul>\n<details><summary>Table</summary>\n");
    table.appendTo(html);
    html.append("</details>\n</figure>\n");
  }

  private List<String> legend() {
    List<String> entries = new ArrayList<>();
    for (Series series : chart.series()) {
      entries.add(swatch(series) + "<span>" + Html.escape(Html.shorten(series.name())) + "</span>");
    }
    if (!chart.spans().isEmpty()) {
      entries.add("Bars above: " + Html.escape(chart.spansTitle()));
    }
    if (!chart.failures().isEmpty()) {
      entries.add("Crosses below: " + Html.escape(chart.failuresTitle()));
    }
    return entries;
  }

  private static String swatch(Series series) {
    String color = Style.color(series.style());
    String shape =
        series.kind() == Series.Kind.BAND
            ? "<path class=\"band %s\" d=\"M1 2h32v8h-32z\"/>".formatted(color)
            : "<path class=\"line %s\"%s d=\"M1 6h32\"/>%s"
                .formatted(
                    color, Style.dashes(series.style()), Style.marker(series.style(), 17, 6));
    return "<svg viewBox=\"0 0 34 12\" aria-hidden=\"true\">" + shape + "</svg>";
  }
}
