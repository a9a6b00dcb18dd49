package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.runpage.RunHistory;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.report.StepReport;
import io.github.lamb4j.tools.sweep.SweepCell;
import io.github.lamb4j.tools.sweep.SweepJson;
import io.github.lamb4j.tools.sweep.SweepResult;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pages from recordings and from the results of sweeps. */
class ReportCommandTest {

  private static final String STEP = "io.github.lamb4j.Step";
  private static final String LAYER = "io.github.lamb4j.Layer";

  @TempDir private Path folder;

  private Path recording(List<String> events, Work work) throws Exception {
    Path file = folder.resolve("run.jfr");
    try (Recording recording = new Recording()) {
      events.forEach(recording::enable);
      recording.start();
      work.run();
      recording.stop();
      recording.dump(file);
    }
    return file;
  }

  private interface Work {
    void run() throws Exception;
  }

  /** Weights of norm 5 and an update of norm 1: trust ratio 5, then less. */
  private static void train(String layer, int steps) {
    float[] g = {0.6f, 0.8f};
    try (Lamb lamb =
        Lamb.onCpu()
            .group(
                "weights",
                Hyperparameters.lamb(0.1).withWeightDecay(0),
                Parameter.onHost(layer, new float[] {3, 4}, g))
            .group(
                "biases",
                Hyperparameters.adamW(0.2),
                Parameter.onHost("bias", new float[] {2}, new float[] {1}))
            .nonFiniteGradients(NonFiniteGradients.SKIP)
            .threads(1)
            .build()) {
      StepReport report = lamb.newReport();
      for (int step = 1; step <= steps; step++) {
        g[0] = step == steps ? Float.NaN : 0.6f;
        lamb.step();
        lamb.report(report);
      }
    }
  }

  private static void trainOnThread(String name, int steps) throws InterruptedException {
    Thread thread = new Thread(() -> train("layer of " + name, steps), name);
    thread.start();
    thread.join();
  }

  private String page(Object... options) throws IOException {
    Path out = folder.resolve("page.html");
    Object[] arguments = new Object[options.length + 3];
    arguments[0] = "report";
    System.arraycopy(options, 0, arguments, 1, options.length);
    arguments[options.length + 1] = "--out";
    arguments[options.length + 2] = out;
    assertEquals("", CommandRun.done(arguments).out());
    return Files.readString(out);
  }

  private void refused(String message, Object... options) throws IOException {
    Object[] arguments = new Object[options.length + 1];
    arguments[0] = "report";
    System.arraycopy(options, 0, arguments, 1, options.length);
    CommandRun.refused(folder, message, arguments);
  }

  @Test
  void shouldShowARecordedRun() throws Exception {
    String page = page(recording(List.of(STEP, LAYER), () -> train("<w>", 4)));
    assertTrue(page.contains("<h1>run.jfr</h1>"), page);
    assertTrue(page.contains("Reports: 4, of steps 1 to 3."), page);
    assertTrue(page.contains("Skipped steps: 1,"), page);
    assertTrue(page.contains("<th scope=\"row\">1</th><td>0.1</td><td>0.2</td>"), page);
    assertTrue(page.contains("<figcaption>Trust ratio of each layer</figcaption>"), page);
    assertTrue(page.contains("<th scope=\"row\">&lt;w&gt;</th><td>3.536</td>"), page);
    assertTrue(page.contains("<th scope=\"row\">bias</th><td>1</td>"), page);
  }

  /** Each layer of every step, also after {@code resumeAt(0)}. */
  @Test
  void shouldKeepTheLayersOfASecondPhase() throws Exception {
    Path file =
        recording(
            List.of(STEP, LAYER),
            () -> {
              train("first", 4);
              train("second", 3);
            });
    RunHistory run = RecordedRun.read(file, null);
    List<Integer> layers = run.steps().stream().map(s -> s.layers().names().size()).toList();
    assertEquals(List.of(2, 2, 2, 0, 2, 2, 0), layers, "none of a skipped step");
    assertTrue(page(file).contains("Skipped steps: 2,"));
  }

  @Test
  void shouldThinOutALongRecording() throws Exception {
    String page = page(recording(List.of(STEP, LAYER), () -> train("w", 1200)));
    assertTrue(page.contains("Reports: 1200, of steps 1 to 1199. 301 of them"), page);
    assertTrue(page.contains("<th scope=\"row\">w</th><td>3.536</td>"), page);
  }

  @Test
  void shouldShowExtremesWithoutEventsOfLayers() throws Exception {
    String page = page(recording(List.of(STEP), () -> train("w", 3)), "--title", "Mine");
    assertTrue(page.contains("<h1>Mine</h1>"), page);
    assertTrue(page.contains("<td>3.536</td><td>w</td><td>3.536</td><td>w</td>"), page);
  }

  @Test
  void shouldChooseOneOfSeveralThreads() throws Exception {
    Path file =
        recording(
            List.of(STEP, LAYER),
            () -> {
              trainOnThread("rank 0", 3);
              trainOnThread("rank 1", 5);
            });
    String message =
        "run.jfr: has runs of several threads; choose one with --thread: \"rank 0\", \"rank 1\"";
    refused(message, file, "--out", folder.resolve("page.html"));
    refused(
        "--thread \"rank 2\": no thread of the recording; it has \"rank 0\", \"rank 1\"",
        file,
        "--thread",
        "rank 2",
        "--out",
        folder.resolve("page.html"));
    String page = page(file, "--thread", "rank 1");
    assertTrue(page.contains("Reports: 5, of steps 1 to 4."), page);
    assertTrue(page.contains("layer of rank 1"), page);
    assertFalse(page.contains("layer of rank 0"), page);
  }

  @Test
  void shouldShowARunThatChangedItsThread() throws Exception {
    Path file =
        recording(
            List.of(STEP, LAYER),
            () -> {
              float[] g = {1};
              try (Lamb lamb =
                  Lamb.onCpu()
                      .group(
                          "all",
                          Hyperparameters.lamb(0.1),
                          Parameter.onHost("w", new float[] {3}, g))
                      .build()) {
                for (int step = 1; step <= 3; step++) {
                  lamb.step();
                  Thread thread = new Thread(() -> lamb.report(lamb.newReport()), "t" + step);
                  thread.start();
                  thread.join();
                }
              }
            });
    String page = page(file);
    assertTrue(page.contains("Reports: 3, of steps 1 to 3."), page);
    assertEquals(3, page.split("<th scope=\"row\">[123]</th><td>0.1</td>", -1).length - 1, page);
  }

  @Test
  void shouldShowTheResultsOfASweep() throws IOException {
    assertTrue(page(sweep()).contains("<h1>Sweep of batch sizes and learning rates</h1>"));
  }

  private Path sweep() throws IOException {
    SweepCell cell =
        new SweepCell("sgd", 256, 0.1, 1, false, 9, 0, 0.5, 0.5, 0.5, List.of(1.0), List.of());
    return sweep(List.of(cell));
  }

  private Path sweep(List<SweepCell> runs) throws IOException {
    Path json = folder.resolve("sweep.json");
    try (OutputStream out = Files.newOutputStream(json)) {
      SweepJson.write(
          new SweepResult(
              "small",
              "cpu",
              1,
              List.of(256),
              List.of("sgd"),
              List.of(0.1),
              List.of(1L),
              runs,
              runs),
          out);
    }
    return json;
  }

  @Test
  void shouldRefuseWhatIsNotAReport() throws Exception {
    Path out = folder.resolve("page.html");
    refused("Missing required option: '--out=FILE'", folder.resolve("run.jfr"));
    refused("none.jfr: does not exist", folder.resolve("none.jfr"), "--out", out);
    refused(": not a file", folder, "--out", out);
    refused("sweep.json: neither a Flight", sweep(List.of()), "--out", out);
    for (Map.Entry<String, byte[]> content :
        Map.of(
                "empty",
                new byte[0],
                "text",
                "hello".getBytes(),
                "binary",
                new byte[] {-1, -2, -3},
                "json",
                "{\"preset\": 1}".getBytes())
            .entrySet()) {
      Path file = Files.write(folder.resolve(content.getKey()), content.getValue());
      refused(content.getKey() + ": neither a Flight Recorder recording nor", file, "--out", out);
    }
  }

  @Test
  void shouldRefuseRecordingsWithoutARun() throws Exception {
    Path out = folder.resolve("page.html");
    Path file = recording(List.of(STEP), () -> {});
    refused("run.jfr: has no events io.github.lamb4j.Step; record while", file, "--out", out);
    byte[] bytes = Files.readAllBytes(file);
    Path torn = Files.write(folder.resolve("torn.jfr"), Arrays.copyOf(bytes, 1000));
    refused("torn.jfr: is not a complete recording", torn, "--out", out);
  }

  /** The JDK's parser looks for the event types wherever the header says that they are. */
  @Test
  void shouldRefuseARecordingOnWhichTheParserStumbles() throws Exception {
    byte[] bytes = Files.readAllBytes(recording(List.of(STEP), () -> train("w", 1)));
    ByteBuffer.wrap(bytes).putLong(24, 24); // the position of the metadata
    Path damaged = Files.write(folder.resolve("damaged.jfr"), bytes);
    refused(
        "damaged.jfr: is not a complete recording: ",
        damaged,
        "--out",
        folder.resolve("page.html"));
  }

  @Test
  void shouldRefuseOutputThatCannotBeWritten() throws Exception {
    Path json = sweep();
    refused("its directory does not exist; create it first", json, "--out", folder.resolve("no/x"));
    refused("is not a regular file", json, "--out", folder);
    refused("is the input; name another file", json, "--out", json);
    refused(
        "--thread: only for a recording", json, "--thread", "main", "--out", folder.resolve("x"));
    refused("--title: only for a recording", json, "--title", "x", "--out", folder.resolve("x"));
  }

  @Test
  void shouldCheckThePageOfASweepBeforeTraining() throws Exception {
    Path page = folder.resolve("page.html");
    CommandRun.refused(
        folder, "--report: only for a sweep; add --sweep small", "train", "--report", page);
    CommandRun.refused(
        folder,
        "its directory does not exist; create it first",
        "train",
        "--sweep",
        "small",
        "--report",
        folder.resolve("no").resolve("page.html"));
    CommandRun.refused(
        folder,
        "--report and --json: the same file; name two",
        "train",
        "--sweep",
        "small",
        "--report",
        page,
        "--json",
        page);
  }
}
