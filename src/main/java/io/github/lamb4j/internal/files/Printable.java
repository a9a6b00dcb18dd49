package io.github.lamb4j.internal.files;

import java.nio.file.Path;

/**
 * Makes text of unknown origin safe to print in one line: characters that would break the line,
 * control a terminal or reorder the text are shown as {@code \}{@code uXXXX}.
 */
public final class Printable {

  private static final int LONGEST = 120;

  private Printable() {}

  /** A value in double quotes, truncated if it is very long. */
  public static String value(String value) {
    if (value.length() <= LONGEST) {
      return '"' + escape(value) + '"';
    }
    return '"' + escape(value.substring(0, LONGEST)) + "…\" (" + value.length() + " characters)";
  }

  /** A path, unquoted and in full. */
  public static String path(Path path) {
    return escape(path.toString());
  }

  /** Any text, in full. */
  public static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().forEach(point -> append(out, point));
    return out.toString();
  }

  private static void append(StringBuilder out, int point) {
    switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE -> {
        for (char unit : Character.toChars(point)) {
          out.append("\\u%04x".formatted((int) unit));
        }
      }
      default -> out.appendCodePoint(point);
    }
  }
}
