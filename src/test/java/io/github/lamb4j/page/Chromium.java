package io.github.lamb4j.page;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Lays out pages in a headless Chromium and reports what is wrong with them. */
final class Chromium {

  private static final int LIMIT_SECONDS = 60;
  private static final Pattern POLICY = Pattern.compile("<meta http-equiv=[^>]*>");
  private static final Pattern RESULT = Pattern.compile("<pre>(.*?)</pre>", Pattern.DOTALL);

  /**
   * A page as it was laid out.
   *
   * @param view the theme and the width, such as {@code dark 360}
   * @param problems empty if all is well
   */
  record Layout(String view, List<String> problems) {}

  private final Path folder;
  private final String program;

  /** Skips the test if Chromium is not installed. */
  Chromium(Path folder) {
    this.folder = folder;
    Optional<String> found =
        Stream.of("chromium", "chromium-browser", "google-chrome")
            .filter(Chromium::isOnPath)
            .findFirst();
    assumeTrue(found.isPresent(), "chromium is not installed (Debian: chromium)");
    program = found.orElseThrow();
  }

  private static boolean isOnPath(String name) {
    String path = System.getenv("PATH");
    return path != null
        && Stream.of(path.split(File.pathSeparator))
            .anyMatch(entry -> Files.isExecutable(Path.of(entry, name)));
  }

  /** Lays out a page at each width, in frames, because windows have a minimum width. */
  List<Layout> layouts(String html, boolean dark, int... widths)
      throws IOException, InterruptedException {
    // The page's own policy forbids scripts.
    Files.writeString(
        folder.resolve("measured.html"),
        POLICY.matcher(html).replaceAll("") + "<script>" + script() + "</script>");
    StringBuilder frames =
        new StringBuilder(
            """
            <!DOCTYPE html><meta name="color-scheme" content="light dark">
            <script>
            addEventListener("message", (event) => {
              const result = document.createElement("pre");
              result.textContent = event.data;
              document.body.append(result);
            });
            </script><body>
            """);
    for (int width : widths) {
      frames
          .append("<iframe style=\"border:0\" height=\"900\" width=\"" + width + "\"")
          .append(" src=\"measured.html\"></iframe>\n");
    }
    Path page = Files.writeString(folder.resolve("frames.html"), frames);
    List<Layout> layouts = new ArrayList<>();
    RESULT
        .matcher(run(page, dark))
        .results()
        .forEach(
            result -> {
              List<String> lines = result.group(1).lines().toList();
              layouts.add(new Layout(lines.get(0), lines.subList(1, lines.size())));
            });
    return layouts;
  }

  private static String script() throws IOException {
    try (InputStream in = Chromium.class.getResourceAsStream("layout.js")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private String run(Path page, boolean dark) throws IOException, InterruptedException {
    Path dom = folder.resolve("dom.html");
    Path log = folder.resolve("chromium.log");
    Process process =
        new ProcessBuilder(
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
                "--user-data-dir=" + folder.resolve("profile"),
                "--blink-settings=preferredColorScheme=" + (dark ? 0 : 1),
                "--window-size=1400,1000",
                "--virtual-time-budget=10000",
                "--dump-dom",
                page.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().waitFor();
    assertTrue(ended, "Chromium is still running");
    String text = Files.readString(dom);
    assertTrue(text.contains("<pre>"), () -> "nothing measured: " + text + read(log));
    return text;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
