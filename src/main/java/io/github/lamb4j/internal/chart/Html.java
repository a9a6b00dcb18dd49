package io.github.lamb4j.internal.chart;

import io.github.lamb4j.internal.files.Printable;

/** Text from anywhere, made safe for HTML. */
final class Html {

  private static final int LONGEST = 80;

  private Html() {}

  /** Text of an element or of a quoted attribute. */
  static String escape(String text) {
    return Printable.escape(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  /** Removes the middle of a very long text: names of layers differ at both ends. */
  static String shorten(String text) {
    int length = text.codePointCount(0, text.length());
    if (length <= LONGEST) {
      return text;
    }
    int kept = LONGEST / 2;
    return text.substring(0, text.offsetByCodePoints(0, kept))
        + "…"
        + text.substring(text.offsetByCodePoints(0, length - kept));
  }
}
