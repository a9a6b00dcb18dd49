package io.github.lamb4j.internal.chart;

import io.github.lamb4j.internal.files.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A page under construction: one HTML file that loads nothing and runs no script. The same content
 * gives the same bytes.
 */
public final class Page {

  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>%s</title>
      <style>
      %s</style>
      </head>
      <body>
      <main>
      <h1>%s</h1>
      """;

  private final StringBuilder html = new StringBuilder();
  private int figures;

  /** Starts a page. */
  public Page(String title) {
    String escaped = Html.escape(title);
    html.append(HEAD.formatted(escaped, styleSheet(), escaped));
  }

  private static String styleSheet() {
    try (InputStream in = Page.class.getResourceAsStream("page.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds a heading. */
  public Page heading(String text) {
    html.append("<h2>").append(Html.escape(text)).append("</h2>\n");
    return this;
  }

  /** Adds a paragraph. */
  public Page paragraph(String text) {
    html.append("<p>").append(Html.escape(text)).append("</p>\n");
    return this;
  }

  /** Adds charts, side by side as far as there is room. */
  public Page figures(List<Figure> added) {
    html.append("<div class=\"figures\">\n");
    added.forEach(figure -> figure.appendTo(html, "figure" + ++figures));
    html.append("</div>\n");
    return this;
  }

  /** Adds a table. */
  public Page table(DataTable table) {
    table.appendTo(html);
    return this;
  }

  /** The page's text. */
  String html() {
    return html + "</main>\n</body>\n</html>\n";
  }

  /**
   * Writes the page whole or not at all.
   *
   * @throws IOException if the file cannot be written
   */
  public void write(Path file) throws IOException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(html());
    AtomicFile.write(
        file,
        channel -> {
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        });
  }
}
