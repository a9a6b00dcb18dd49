package io.github.lamb4j.page;

import io.github.lamb4j.internal.runpage.RunCharts;
import io.github.lamb4j.internal.runpage.RunHistory;
import io.github.lamb4j.internal.runpage.RunStep;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Collects the reports of a training run and writes them as one HTML page with charts: gradient
 * norm, learning rates, trust ratio of every layer, weight and update norms, and skipped steps. The
 * page is self-contained: it loads nothing and runs no script.
 *
 * <pre>{@code
 * RunPage page = new RunPage("BERT-large, phase 1");
 * for (int step = 1; step <= 7038; step++) {
 *   lamb.step();
 *   if (step % 10 == 0) {
 *     lamb.report(report);
 *     page.add(report);
 *   }
 * }
 * page.write(Path.of("run.html"));
 * }</pre>
 *
 * <p>A page keeps about 500 reports. Of a longer run, it drops every second report, then every
 * second of the remaining ones, and so on, so that memory stays bounded; the first and the last
 * report are always kept. {@link #write} may be called during the run as well.
 *
 * <p>Not thread-safe.
 */
public final class RunPage {

  private final String title;
  private final RunHistory history = new RunHistory();

  /**
   * Starts an empty page.
   *
   * @param title the page's heading
   */
  public RunPage(String title) {
    this.title = Objects.requireNonNull(title, "title");
  }

  /**
   * Adds the content of a report. The report may be refilled afterward.
   *
   * @param report a report that {@code Lamb.report} has filled
   */
  public void add(StepReport report) {
    Objects.requireNonNull(report, "report");
    history.add(RunStep.of(report, history.lastLayers()));
  }

  /**
   * Writes the page, whole or not at all, and replaces an existing file.
   *
   * @param file the HTML file
   * @throws IllegalStateException if no report was added
   * @throws IOException if the file cannot be written
   */
  public void write(Path file) throws IOException {
    if (history.count() == 0) {
      throw new IllegalStateException(
          "the page has no reports; call add(report) after Lamb.report(report)");
    }
    RunCharts.page(title, history).write(file);
  }
}
