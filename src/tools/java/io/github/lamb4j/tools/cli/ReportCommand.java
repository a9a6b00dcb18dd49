package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.chart.Page;
import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.runpage.RunCharts;
import io.github.lamb4j.tools.sweep.SweepJson;
import io.github.lamb4j.tools.sweep.SweepPage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lamb report}: a page with charts from a recording or from the results of a sweep. */
@Command(
    name = "report",
    description = {
      "Makes an HTML page with charts of a training run from a Flight Recorder recording that has"
          + " lamb4j's events, or of a sweep from the file that lamb train --sweep --json wrote."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ReportCommand implements Callable<Integer> {

  /** The first bytes of a recording. */
  private static final byte[] RECORDING = "FLR\0".getBytes(StandardCharsets.ISO_8859_1);

  @Parameters(
      paramLabel = "FILE",
      description = "The recording, for example run.jfr, or the results of a sweep.")
  private Path file;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "Write the page to FILE, whole or not at all.")
  private Path out;

  @Option(
      names = "--title",
      paramLabel = "TEXT",
      description = "The heading of the page of a run (default: the recording's name).")
  private String title;

  @Option(
      names = "--thread",
      paramLabel = "NAME",
      description =
          "The thread whose steps are shown, if a recording has optimizers of several threads.")
  private String thread;

  @Override
  public Integer call() throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new BadInput(
          Printable.path(file) + ": " + (Files.exists(file) ? "not a file" : "does not exist"));
    }
    AtomicFile.requireWritable(out);
    if (Files.exists(out) && Files.isSameFile(file, out)) {
      throw new BadInput("--out " + Printable.path(out) + ": is the input; name another file");
    }
    page().write(out);
    return 0;
  }

  private Page page() throws IOException {
    if (isRecording()) {
      String heading = title == null ? String.valueOf(file.getFileName()) : title;
      return RunCharts.page(heading, RecordedRun.read(file, thread));
    }
    if (title != null || thread != null) {
      throw new BadInput(
          (title != null ? "--title" : "--thread")
              + ": only for a recording, which "
              + Printable.path(file)
              + " is not; leave it out");
    }
    try {
      return SweepPage.of(SweepJson.read(file));
    } catch (MalformedInputException | IllegalArgumentException e) {
      throw new BadInput(
          Printable.path(file)
              + ": neither a Flight Recorder recording nor results that lamb train --sweep --json"
              + " wrote");
    }
  }

  private boolean isRecording() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(RECORDING, in.readNBytes(RECORDING.length));
    }
  }
}
