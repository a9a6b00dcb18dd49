package io.github.lamb4j.tools.sweep;

import io.github.lamb4j.internal.chart.Axis;
import io.github.lamb4j.internal.chart.DataTable;
import io.github.lamb4j.internal.chart.Figure;
import io.github.lamb4j.internal.chart.LineChart;
import io.github.lamb4j.internal.chart.Numbers;
import io.github.lamb4j.internal.chart.Page;
import io.github.lamb4j.internal.chart.Series;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A sweep as a page with charts. */
public final class SweepPage {

  private static final String RATE = "learning rate";
  private static final String BATCH = "batch size";
  private static final String DIVERGED = "a run diverged";

  private final SweepResult result;

  private SweepPage(SweepResult result) {
    this.result = result;
  }

  /**
   * Makes the page of a sweep.
   *
   * @throws IllegalArgumentException if runs are missing
   */
  public static Page of(SweepResult result) {
    SweepPage page = new SweepPage(result);
    if (!page.isComplete()) {
      throw new IllegalArgumentException("the results of the sweep lack runs");
    }
    return page.page();
  }

  /** A file may have been edited. */
  private boolean isComplete() {
    return !result.batchSizes().isEmpty()
        && !result.rates().isEmpty()
        && !result.seeds().isEmpty()
        && result.optimizers().stream()
            .allMatch(
                optimizer ->
                    result.batchSizes().stream().allMatch(size -> isComplete(optimizer, size)));
  }

  private boolean isComplete(String optimizer, int batchSize) {
    return !result.transfer(optimizer, batchSize).isEmpty()
        && result.rates().stream()
            .noneMatch(rate -> Tuning.runs(result.grid(), optimizer, batchSize, rate).isEmpty());
  }

  private Page page() {
    int smallest = result.batchSizes().get(0);
    Page page = new Page("Sweep of batch sizes and learning rates");
    page.paragraph(summary()).table(settings());
    page.heading("Scores against batch size")
        .paragraph(
            "The learning rate is tuned once, at batch size %d, and scaled by the square root of the ratio of the batch sizes, or it is tuned at each batch size. Rates are tuned on validation examples; the scores are those of held-out examples. Lines show the mean of the seeds, whiskers their range. %s"
                .formatted(smallest, gaps()))
        .figures(scores());
    page.heading("Accuracy against learning rate")
        .paragraph(
            "Accuracy on the validation examples, at each rate of the grid. The bars above a plot span the rates around the best one whose accuracy is within one point of the best. %s"
                .formatted(gaps()))
        .figures(byBatchSize(this::accuracyByRate));
    page.heading("Training loss")
        .paragraph(
            "The mean loss of each epoch, at the rate tuned at batch size %d and scaled."
                .formatted(smallest))
        .figures(byBatchSize(this::loss));
    page.heading("Trust ratios")
        .paragraph(
            "LAMB's trust ratio of each layer with layer adaptation, at the rate tuned at batch size %d and scaled, with seed %d."
                .formatted(smallest, result.seeds().get(0)))
        .figures(byBatchSize(this::trustRatios));
    return page.heading("Skipped steps and diverged runs")
        .paragraph(failureSummary())
        .table(failures());
  }

  private static String gaps() {
    return "If a run diverged, the line has a gap and a cross marks the place below the plot.";
  }

  private String summary() {
    int largest = result.batchSizes().get(result.batchSizes().size() - 1);
    String scores =
        result.optimizers().stream()
            .map(
                optimizer -> {
                  List<SweepCell> runs = result.transfer(optimizer, largest);
                  return SweepTables.label(optimizer)
                      + (anyDiverged(runs)
                          ? " diverges"
                          : " reaches " + Numbers.of(Tuning.mean(runs, SweepCell::accuracy)));
                })
            .collect(Collectors.joining(", "));
    return "Held-out accuracy at batch size %d with the learning rate tuned at batch size %d and scaled by the square root: %s."
        .formatted(largest, result.batchSizes().get(0), scores);
  }

  private DataTable settings() {
    List<Double> rates = result.rates();
    return new DataTable(
        "Settings",
        List.of("Setting", "Value"),
        List.of(
            List.of("preset", result.preset()),
            List.of("backend", result.backend()),
            List.of("epochs", Integer.toString(result.epochs())),
            List.of("batch sizes", join(result.batchSizes())),
            List.of(
                "learning rates",
                "%d, from %s to %s"
                    .formatted(
                        rates.size(),
                        Numbers.of(rates.get(0)),
                        Numbers.of(rates.get(rates.size() - 1)))),
            List.of("seeds", join(result.seeds())),
            List.of("training runs", Integer.toString(runs().size()))));
  }

  private static String join(List<? extends Number> numbers) {
    return numbers.stream().map(Object::toString).collect(Collectors.joining(", "));
  }

  /** All runs; some belong to the grid and to the transfer. */
  private Set<SweepCell> runs() {
    Set<SweepCell> runs = new LinkedHashSet<>(result.grid());
    runs.addAll(result.transfer());
    return runs;
  }

  private List<SweepCell> tuned(String optimizer, int batchSize) {
    return result.tuning(optimizer, batchSize).runs();
  }

  private static boolean anyDiverged(List<SweepCell> runs) {
    return runs.stream().anyMatch(SweepCell::diverged);
  }

  private interface Chosen {
    List<SweepCell> runs(String optimizer, int batchSize);
  }

  private List<Figure> scores() {
    return List.of(
        score(
            "Accuracy, rate tuned once and scaled",
            "held-out accuracy",
            result::transfer,
            SweepCell::accuracy),
        score(
            "Accuracy, rate tuned each time",
            "held-out accuracy",
            this::tuned,
            SweepCell::accuracy),
        score(
            "Macro-F1, rate tuned once and scaled",
            "held-out macro-F1",
            result::transfer,
            SweepCell::macroF1),
        score(
            "Macro-F1, rate tuned each time",
            "held-out macro-F1",
            this::tuned,
            SweepCell::macroF1));
  }

  private Figure score(
      String title, String quantity, Chosen chosen, ToDoubleFunction<SweepCell> score) {
    LineChart chart = new LineChart(title, batchSizes(), scoreAxis(quantity, score));
    for (int style = 0; style < result.optimizers().size(); style++) {
      String optimizer = result.optimizers().get(style);
      List<Series.Point> points = new ArrayList<>();
      for (int batchSize : result.batchSizes()) {
        add(chart, points, style, batchSize, chosen.runs(optimizer, batchSize), score);
      }
      chart.add(Series.line(SweepTables.label(optimizer), style, points));
    }
    return Figure.of(chart);
  }

  /** The same range in all charts of a score, so that they can be compared. */
  private Axis scoreAxis(String quantity, ToDoubleFunction<SweepCell> score) {
    double best = runs().stream().mapToDouble(score).max().orElse(Double.NaN);
    return Axis.linear(quantity).covering(0, best);
  }

  private Axis batchSizes() {
    List<Double> sizes = result.batchSizes().stream().map(Integer::doubleValue).toList();
    return Axis.logarithmic(BATCH).withTicks(sizes);
  }

  /** Adds the mean of the runs and their range, or marks that one diverged. */
  private static void add(
      LineChart chart,
      List<Series.Point> points,
      int style,
      double x,
      List<SweepCell> runs,
      ToDoubleFunction<SweepCell> score) {
    if (anyDiverged(runs)) {
      chart.addFailure(DIVERGED, style, x);
      points.add(new Series.Point(x, Double.NaN));
    } else {
      points.add(point(x, runs.stream().map(score::applyAsDouble).toList()));
    }
  }

  private static Series.Point point(double x, List<Double> values) {
    return new Series.Point(
        x,
        values.stream().mapToDouble(v -> v).average().orElse(Double.NaN),
        values.stream().mapToDouble(v -> v).min().orElse(Double.NaN),
        values.stream().mapToDouble(v -> v).max().orElse(Double.NaN));
  }

  private List<Figure> byBatchSize(IntFunction<LineChart> chart) {
    return result.batchSizes().stream().map(chart::apply).map(Figure::of).toList();
  }

  private LineChart accuracyByRate(int batchSize) {
    LineChart chart =
        new LineChart(
            title(batchSize),
            Axis.logarithmic(RATE),
            scoreAxis("validation accuracy", SweepCell::validationAccuracy));
    for (int style = 0; style < result.optimizers().size(); style++) {
      String optimizer = result.optimizers().get(style);
      List<Series.Point> points = new ArrayList<>();
      for (double rate : result.rates()) {
        List<SweepCell> runs = Tuning.runs(result.grid(), optimizer, batchSize, rate);
        add(chart, points, style, rate, runs, SweepCell::validationAccuracy);
      }
      Tuning tuning = result.tuning(optimizer, batchSize);
      String name = SweepTables.label(optimizer);
      chart.add(Series.line(name, style, points));
      chart.addSpan(
          "rates within one point of the best",
          name,
          style,
          tuning.lowestRate(),
          tuning.highestRate());
    }
    return chart;
  }

  private static String title(int batchSize) {
    return "Batch size " + batchSize;
  }

  private LineChart loss(int batchSize) {
    List<Double> epochs =
        IntStream.rangeClosed(1, result.epochs()).mapToObj(i -> (double) i).toList();
    LineChart chart =
        new LineChart(
            title(batchSize),
            Axis.linear("epoch").withTicks(epochs),
            Axis.linear("training loss").covering(0, Double.NaN));
    for (int style = 0; style < result.optimizers().size(); style++) {
      String optimizer = result.optimizers().get(style);
      List<SweepCell> runs = result.transfer(optimizer, batchSize);
      List<Series.Point> points = new ArrayList<>();
      for (int i = 0; i < result.epochs(); i++) {
        int epoch = i;
        if (runs.stream().anyMatch(run -> run.trainLoss().size() <= epoch)) {
          chart.addFailure(DIVERGED, style, epoch + 1);
          points.add(new Series.Point(epoch + 1, Double.NaN));
        } else {
          points.add(point(epoch + 1, runs.stream().map(r -> r.trainLoss().get(epoch)).toList()));
        }
      }
      chart.add(Series.line(SweepTables.label(optimizer), style, points));
    }
    return chart;
  }

  private LineChart trustRatios(int batchSize) {
    LineChart chart =
        new LineChart(title(batchSize), Axis.linear("step"), Axis.logarithmic("trust ratio"));
    List<SweepCell.TrustCurve> curves =
        result.transfer(SweepOptimizer.LAMB.key(), batchSize).stream()
            .limit(1)
            .flatMap(run -> run.trustRatios().stream())
            .toList();
    for (int style = 0; style < curves.size(); style++) {
      SweepCell.TrustCurve curve = curves.get(style);
      List<Series.Point> points =
          IntStream.range(0, curve.steps().size())
              .mapToObj(i -> new Series.Point(curve.steps().get(i), curve.values().get(i)))
              .toList();
      chart.add(Series.line(curve.layer(), style, points));
    }
    return chart;
  }

  private String failureSummary() {
    long diverged = runs().stream().filter(SweepCell::diverged).count();
    long skipped = runs().stream().mapToLong(SweepCell::skippedSteps).sum();
    return "%d of %d runs diverged: their loss became infinite or NaN. %s"
        .formatted(
            diverged,
            runs().size(),
            skipped == 0
                ? "No step was skipped."
                : "Skipped steps: " + skipped + ", because of gradients that are not finite.");
  }

  private DataTable failures() {
    List<List<String>> rows = new ArrayList<>();
    for (String optimizer : result.optimizers()) {
      for (int batchSize : result.batchSizes()) {
        List<SweepCell> runs =
            runs().stream()
                .filter(c -> c.optimizer().equals(optimizer) && c.batchSize() == batchSize)
                .toList();
        List<SweepCell> diverged = runs.stream().filter(SweepCell::diverged).toList();
        rows.add(
            List.of(
                SweepTables.label(optimizer),
                Integer.toString(batchSize),
                Integer.toString(runs.size()),
                Long.toString(runs.stream().mapToLong(SweepCell::steps).sum()),
                Long.toString(runs.stream().mapToLong(SweepCell::skippedSteps).sum()),
                Integer.toString(diverged.size()),
                diverged.stream()
                    .mapToDouble(SweepCell::learningRate)
                    .mapToObj(Numbers::of)
                    .distinct()
                    .collect(Collectors.joining(", "))));
      }
    }
    return new DataTable(
        "Skipped steps and diverged runs",
        List.of("Optimizer", "Batch size", "Runs", "Steps", "Skipped", "Diverged", "At rates"),
        rows);
  }
}
