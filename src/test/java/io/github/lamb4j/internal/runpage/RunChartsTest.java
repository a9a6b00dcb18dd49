package io.github.lamb4j.internal.runpage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a run. */
class RunChartsTest {

  private static final double NAN = Double.NaN;

  @TempDir private Path folder;

  private final RunHistory history = new RunHistory();

  private void add(long step, double gradientNorm, double... trustRatios) {
    double[] norms = IntStream.range(0, trustRatios.length).mapToDouble(i -> i + 1).toArray();
    List<String> names = IntStream.range(0, trustRatios.length).mapToObj(i -> "layer" + i).toList();
    add(step, 0, gradientNorm, new RunStep.Layers(names, norms, norms, trustRatios));
  }

  private void add(long step, long skipped, double gradientNorm, RunStep.Layers layers) {
    history.add(
        new RunStep(
            step,
            skipped,
            gradientNorm,
            List.of(new RunStep.Rate("weights", 0.1), new RunStep.Rate("biases", 0.2)),
            4,
            2,
            new RunStep.Extreme("low", 0.25),
            new RunStep.Extreme("high", 0.5),
            layers));
  }

  private String page() throws IOException {
    Path file = folder.resolve("page.html");
    RunCharts.page("run", history).write(file);
    return Files.readString(file);
  }

  private static List<String> captions(String page) {
    return Pattern.compile("<figcaption>(.*?)</figcaption>")
        .matcher(page)
        .results()
        .map(match -> match.group(1))
        .toList();
  }

  /** The second phase of a recipe begins with {@code resumeAt(0)}. */
  @Test
  void shouldCoverARunThatBeginsAnew() throws IOException {
    for (long[] counts : new long[][] {{10, 2}, {15, 5}, {0, 0}, {4, 0}, {5, 1}}) {
      add(counts[0], counts[1], 1, RunStep.Layers.NONE);
    }
    String page = page();
    assertTrue(page.contains("Reports: 5, of steps 0 to 15."), page);
    assertTrue(page.contains("Skipped steps: 6, because of gradients that are not finite."), page);
  }

  @Test
  void shouldShowEveryQuantity() throws IOException {
    add(1, 3, 0.5, 0.25);
    add(2, 2, 0.75, 0.125);
    String page = page();
    assertEquals(
        List.of(
            "Gradient norm",
            "Learning rate",
            "Weight and update norm",
            "Trust ratio of each layer",
            "Weight norm of each layer",
            "Update norm of each layer"),
        captions(page));
    assertTrue(page.contains("Reports: 2, of steps 1 to 2. Last gradient norm: 2."), page);
    assertTrue(page.contains("Last trust ratios: 0.25 (low) to 0.5 (high)."), page);
    assertTrue(page.contains("<th scope=\"row\">2</th><td>0.75</td><td>0.125</td>"), page);
    assertTrue(page.contains("<th scope=\"row\">1</th><td>0.1</td><td>0.2</td>"), page);
    assertTrue(page.contains("No step was skipped."), page);
  }

  @Test
  void shouldLeaveOutLayersWithoutTrustRatio() throws IOException {
    add(1, 3, 1, 0.25);
    add(2, 2, 1, 0.125);
    String page = page();
    assertTrue(page.contains("<th scope=\"row\">2</th><td>0.125</td></tr>"), page);
    assertTrue(
        page.contains(
            "<th scope=\"row\">layer0</th><td>1</td><td>1</td><td>1</td><td>1</td><td>1</td>"),
        page);
  }

  @Test
  void shouldShowTheRangeOfManyLayers() throws IOException {
    double[] ratios = IntStream.rangeClosed(1, 391).mapToDouble(i -> i / 1000.0).toArray();
    add(1, 3, ratios);
    add(2, 3, ratios);
    String page = page();
    assertTrue(page.contains("range of all 391"), page);
    assertTrue(page.contains("lowest at the end: layer0<"), page);
    assertTrue(page.contains("highest at the end: layer390<"), page);
    String row =
        "<tr><th scope=\"row\">1</th><td>0.001</td><td>layer0</td><td>0.196</td><td>0.391</td>"
            + "<td>layer390</td></tr>";
    assertTrue(page.contains(row), page);
    assertEquals(1, page.split("scope=\"row\">layer200<", -1).length - 1, "rows of a layer");
  }

  @Test
  void shouldMarkValuesThatAreNotFinite() throws IOException {
    add(1, 3, 0.5, 0.25);
    add(2, Double.POSITIVE_INFINITY, NAN, 0.25);
    add(3, NAN, NAN, 0.25);
    String page = page();
    assertEquals(2, page.split("Crosses below: a value is not finite", -1).length - 1, page);
    assertEquals(2, page.split("Marks below the plot: 1 ", -1).length - 1);
  }

  @Test
  void shouldShowARunThatDivergedAtTheFirstStep() throws IOException {
    add(1, NAN, NAN, NAN);
    String page = page();
    assertFalse(captions(page).contains("Gradient norm"), page);
    assertTrue(page.contains("no finite values"), page);
  }

  @Test
  void shouldShowExtremesWithoutLayers() throws IOException {
    add(1, 0, 3, RunStep.Layers.NONE);
    String page = page();
    assertEquals("Trust ratios", captions(page).get(3));
    assertTrue(page.contains("Only the smallest and the largest trust ratio"), page);
    assertTrue(page.contains("<td>0.25</td><td>low</td><td>0.5</td><td>high</td>"), page);
  }

  @Test
  void shouldShowSkippedSteps() throws IOException {
    add(1, 0, 3, RunStep.Layers.NONE);
    add(1, 2, NAN, RunStep.Layers.NONE);
    String page = page();
    assertTrue(captions(page).contains("Skipped steps"));
    assertTrue(page.contains("Skipped steps: 2, because"), page);
  }

  @Test
  void shouldSayThatStepsWereDropped() throws IOException {
    for (int step = 1; step <= 1000; step++) {
      add(step, 1, 0.5);
    }
    assertTrue(page().contains("Reports: 1000, of steps 1 to 1000. 501 of them, evenly spaced"));
  }

  @Test
  void shouldShowLayersThatCameAndWent() throws IOException {
    add(1, 3, 0.5, 0.25);
    add(2, 3, 0.5);
    add(3, 3, 0.5, 0.75, 0.125);
    String page = page();
    assertTrue(page.contains("<th scope=\"row\">layer2</th><td>0.125</td>"), page);
    assertFalse(page.contains("Crosses below"), page);
  }
}
