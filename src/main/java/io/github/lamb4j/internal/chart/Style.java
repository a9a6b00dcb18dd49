package io.github.lamb4j.internal.chart;

import java.util.Locale;

/** The looks of a series: color, dashes and marker, each of which differs without the others. */
final class Style {

  private static final String[] DASHES = {"", "7 3", "2 3", "9 3 2 3"};
  private static final String[] MARKERS = {
    "M%1$.1f %2$.1fm-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
    "M%1$.1f %2$.1fm-2.7-2.7h5.4v5.4h-5.4z",
    "M%1$.1f %2$.1fm0-3.6l3.5 6.2h-7z",
    "M%1$.1f %2$.1fm0-3.9l3.9 3.9l-3.9 3.9l-3.9-3.9z"
  };

  private Style() {}

  /** The class that sets the color. */
  static String color(int style) {
    return "s" + style % Series.STYLES;
  }

  /** The attribute that sets the dashes. */
  static String dashes(int style) {
    String dashes = DASHES[style % DASHES.length];
    return dashes.isEmpty() ? "" : " stroke-dasharray=\"" + dashes + '"';
  }

  /** A marker around a point; those of the second half are hollow. */
  static String marker(int style, double x, double y) {
    boolean hollow = style % Series.STYLES >= MARKERS.length;
    String path = String.format(Locale.ROOT, MARKERS[style % MARKERS.length], x, y);
    return "<path class=\"%s %s\" d=\"%s\"/>"
        .formatted(hollow ? "hollow" : "marker", color(style), path);
  }
}
