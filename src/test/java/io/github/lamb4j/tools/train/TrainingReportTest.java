package io.github.lamb4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.report.LayerStats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class TrainingReportTest {

  private static final TrainingRun RUN =
      new TrainingRun(
          Contender.LAMB,
          8192,
          0.05,
          false,
          65,
          List.of(
              new TrainingRun.Epoch(1, 2.5, new Scores(0.25, 0.125)),
              new TrainingRun.Epoch(2, 1.25, new Scores(0.5, 0.25))),
          List.of(new LayerStats("hidden.weight", 8, 16, 0.5)),
          "00ff0123456789abcdef",
          12.34);

  private static final TrainingReport REPORT =
      new TrainingReport(
          7,
          new Examples.Split(
              new Examples(new int[][] {{1}, {2}, {3}}, new int[] {4, 5, 5}),
              new Examples(new int[][] {{1}, {2}}, new int[] {5, 6})),
          List.of(RUN),
          "cpu",
          "requested",
          2,
          8,
          1);

  private static String json(TrainingReport report) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    report.writeJson(bytes);
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void shouldTabulateTheLastEpochInEveryLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      String[] lines = REPORT.table().split("\\R");
      assertEquals("3 glosses to train on, 2 held out, 45 classes; seed 7", lines[0]);
      assertEquals("always the most frequent class: accuracy 0.5000, macro-F1 0.0148", lines[1]);
      assertEquals(
          "LAMB         8192       2      65    0.0500      1.2500    0.5000    0.2500     12.3  00ff01234567",
          lines[4]);
      assertEquals(lines[3].indexOf("weights"), lines[4].indexOf("00ff"));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void shouldMarkARunThatDiverged() throws IOException {
    TrainingRun diverged =
        new TrainingRun(
            RUN.contender(), 256, 1e30, true, 3, List.of(), List.of(), "00ff0123456789abcdef", 0.1);
    TrainingReport report =
        new TrainingReport(7, REPORT.data(), List.of(RUN, diverged), "cpu", "auto", 1, 8, 4);
    String[] lines = report.table().split("\\R");
    assertEquals(REPORT.table().split("\\R")[4], lines[4]);
    assertEquals(
        "LAMB          256       0       3  1.00e+30    diverged         -         -      0.1  00ff01234567",
        lines[5]);
    assertTrue(json(report).contains("\"diverged\" : true"), json(report));
  }

  @Test
  void shouldWriteEveryNumber() throws IOException {
    String json = json(REPORT);
    for (String part :
        List.of(
            "\"seed\" : 7",
            "\"train_examples\" : 3",
            "\"noun.act\" : 1",
            "\"batch_size\" : 8192",
            "\"learning_rate\" : 0.05",
            "\"train_loss\" : 2.5",
            "\"held_out_macro_f1\" : 0.125",
            "\"trust_ratio\" : 0.5",
            "\"weights_sha256\" : \"00ff0123456789abcdef\"",
            "\"backend\" : \"cpu\"",
            "\"backend_reason\" : \"requested\"",
            "\"threads\" : 2",
            "\"micro_batches\" : 8",
            "\"ranks\" : 1",
            "12.34")) {
      assertTrue(json.contains(part), part + " is not in " + json);
    }
  }

  @Test
  void shouldConfineDifferencesBetweenRunsToMachine() throws IOException {
    TrainingRun slower =
        new TrainingRun(
            RUN.contender(),
            RUN.batchSize(),
            RUN.learningRate(),
            false,
            RUN.steps(),
            RUN.epochs(),
            RUN.layers(),
            RUN.weightsSha256(),
            99);
    TrainingReport other =
        new TrainingReport(7, REPORT.data(), List.of(slower), "cpu", "auto", 1, 8, 4);
    assertEquals(json(REPORT).split("\"machine\"")[0], json(other).split("\"machine\"")[0]);
  }
}
