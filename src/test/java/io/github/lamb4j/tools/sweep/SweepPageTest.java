package io.github.lamb4j.tools.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a sweep. */
class SweepPageTest {

  private static final List<Integer> SIZES = List.of(256, 1024);
  private static final List<Double> RATES = List.of(0.01, 0.02, 0.04);
  private static final List<Long> SEEDS = List.of(1L, 2L);

  @TempDir private Path folder;

  private static SweepCell cell(
      String optimizer, int batchSize, double rate, long seed, double accuracy, long skipped) {
    boolean diverged = Double.isNaN(accuracy);
    List<SweepCell.TrustCurve> curves =
        optimizer.equals("lamb")
            ? List.of(new SweepCell.TrustCurve("hidden", List.of(1L, 10L), List.of(0.25, 0.5)))
            : List.of();
    double score = diverged ? 0 : accuracy;
    List<Double> losses = diverged ? List.of(3.5) : List.of(3.0 + seed, 2.0);
    return new SweepCell(
        optimizer, batchSize, rate, seed, diverged, 10, skipped, score, score, score / 2, losses,
        curves);
  }

  /** LAMB is best at the second rate, AdamW at all, and SGD diverges at the highest. */
  private static double accuracy(String optimizer, double rate, long seed) {
    return switch (optimizer) {
      case "lamb" -> rate == 0.02 ? 0.5 + seed / 100.0 : 0.3;
      case "adamw" -> 0.4;
      default -> rate == 0.04 ? Double.NaN : 0.2;
    };
  }

  private static SweepResult result(long skipped) {
    List<String> optimizers = List.of("lamb", "adamw", "sgd");
    List<SweepCell> grid = new ArrayList<>();
    List<SweepCell> transfer = new ArrayList<>();
    for (String optimizer : optimizers) {
      for (int size : SIZES) {
        for (long seed : SEEDS) {
          for (double rate : RATES) {
            double accuracy = accuracy(optimizer, rate, seed);
            grid.add(cell(optimizer, size, rate, seed, accuracy, skipped));
          }
          double accuracy = optimizer.equals("sgd") && size == 1024 ? Double.NaN : 0.4;
          transfer.add(cell(optimizer, size, 0.03, seed, accuracy, skipped));
        }
      }
    }
    return new SweepResult("small", "cpu", 2, SIZES, optimizers, RATES, SEEDS, grid, transfer);
  }

  private String page(SweepResult result) throws IOException {
    Path file = folder.resolve("page.html");
    SweepPage.of(result).write(file);
    return Files.readString(file);
  }

  private static long count(String text, String part) {
    return Pattern.compile(part).matcher(text).results().count();
  }

  @Test
  void shouldShowChartsForEveryBatchSize() throws IOException {
    String page = page(result(0));
    assertEquals(4 + 3 * SIZES.size(), count(page, "<figure>"));
    assertEquals(3, count(page, "<figcaption>Batch size 256</figcaption>"));
    assertEquals(3, count(page, "<figcaption>Batch size 1024</figcaption>"));
  }

  @Test
  void shouldSummarizeTheLargestBatchSize() throws IOException {
    assertTrue(
        page(result(0))
            .contains(
                "Held-out accuracy at batch size 1024 with the learning rate tuned at batch size"
                    + " 256 and scaled by the square root: LAMB reaches 0.4, AdamW reaches 0.4, SGD"
                    + " diverges."));
  }

  @Test
  void shouldShowMeansWithTheRangeOfTheSeeds() throws IOException {
    String page = page(result(0));
    assertTrue(page.contains("<th scope=\"row\">0.02</th><td>0.515 (0.51 to 0.52)</td>"), page);
    assertTrue(page.contains("<th scope=\"row\">1</th><td>4.5 (4 to 5)</td>"), page);
  }

  @Test
  void shouldMarkRatesWithinOnePoint() throws IOException {
    String page = page(result(0));
    assertTrue(page.contains("LAMB, rates within one point of the best: 0.02 to 0.02."), page);
    assertTrue(page.contains("AdamW, rates within one point of the best: 0.01 to 0.04."), page);
    assertTrue(page.contains("SGD, rates within one point of the best: 0.01 to 0.02."), page);
  }

  @Test
  void shouldShowTrustRatiosOfLamb() throws IOException {
    assertEquals(2 * SIZES.size(), count(page(result(0)), "<td>0.(25|5)</td></tr>"));
  }

  @Test
  void shouldCountSkippedStepsAndDivergedRuns() throws IOException {
    String page = page(result(0));
    assertTrue(page.contains("6 of 48 runs diverged"), page);
    assertTrue(page.contains("No step was skipped."), page);
    assertTrue(page(result(2)).contains("Skipped steps: 96, because"), page);
    String row =
        "<tr><th scope=\"row\">SGD</th><td>1024</td><td>8</td><td>80</td><td>0</td><td>4</td>"
            + "<td>0.04, 0.03</td></tr>";
    assertTrue(page.contains(row), page);
  }

  @Test
  void shouldShowASweepInWhichAllRunsDiverged() throws IOException {
    SweepResult result = result(0);
    List<SweepCell> diverged =
        result.grid().stream()
            .map(c -> cell(c.optimizer(), c.batchSize(), c.learningRate(), c.seed(), Double.NaN, 0))
            .toList();
    String page =
        page(
            new SweepResult(
                "small", "cpu", 2, SIZES, result.optimizers(), RATES, SEEDS, diverged, diverged));
    assertTrue(page.contains("36 of 36 runs diverged"), page);
    assertTrue(page.contains("no finite values"), page);
  }

  @Test
  void shouldWriteTheSameInEveryLocale() throws IOException {
    String expected = page(result(0));
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertEquals(expected, page(result(0)));
    } finally {
      Locale.setDefault(before);
    }
  }
}
