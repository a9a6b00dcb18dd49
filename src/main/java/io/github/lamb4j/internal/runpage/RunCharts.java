package io.github.lamb4j.internal.runpage;

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
import java.util.LongSummaryStatistics;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The page of a run. */
public final class RunCharts {

  private static final String STEP = "step";

  private final RunHistory history;
  private final List<RunStep> run;
  private final double[] steps;
  private final Curves trustRatios;
  private final Curves weightNorms;
  private final Curves updateNorms;

  private RunCharts(RunHistory history) {
    this.history = history;
    run = history.steps();
    steps = run.stream().mapToDouble(RunStep::step).toArray();
    trustRatios = new Curves("Trust ratio of each layer", Axis.logarithmic("trust ratio"), steps);
    weightNorms = new Curves("Weight norm of each layer", Axis.logarithmic("weight norm"), steps);
    updateNorms = new Curves("Update norm of each layer", Axis.logarithmic("update norm"), steps);
    for (int i = 0; i < steps.length; i++) {
      RunStep.Layers layers = run.get(i).layers();
      for (int layer = 0; layer < layers.size(); layer++) {
        String name = layers.names().get(layer);
        trustRatios.set(name, i, layers.trustRatios()[layer]);
        weightNorms.set(name, i, layers.weightNorms()[layer]);
        updateNorms.set(name, i, layers.updateNorms()[layer]);
      }
    }
    trustRatios.without(1);
    weightNorms.withoutUnknown();
    updateNorms.withoutUnknown();
  }

  /**
   * Makes the page of a run.
   *
   * @param history with at least one step
   */
  public static Page page(String title, RunHistory history) {
    return new RunCharts(history).page(title);
  }

  private Page page(String title) {
    Page page = new Page(title).paragraph(summary());
    page.heading("Whole model").figures(wholeModel());
    page.heading("Layers").paragraph(layerText());
    List<Figure> figures = layerFigures();
    if (!figures.isEmpty()) {
      page.figures(figures);
    }
    DataTable table = layerTable();
    if (!table.rows().isEmpty()) {
      page.table(table);
    }
    page.heading("Skipped steps").paragraph(skippedText());
    if (last().skipped() > 0) {
      page.figures(List.of(skipped()));
    }
    return page;
  }

  private RunStep last() {
    return run.get(run.size() - 1);
  }

  private String summary() {
    String shown =
        run.size() == history.count()
            ? ""
            : " %d of them, evenly spaced, are shown: values between them may be higher or lower."
                .formatted(run.size());
    String norm =
        Double.isNaN(last().gradientNorm())
            ? ""
            : " Last gradient norm: %s.".formatted(Numbers.of(last().gradientNorm()));
    RunStep.Extreme smallest = last().smallest();
    RunStep.Extreme largest = last().largest();
    String trust =
        smallest.layer().isEmpty()
            ? ""
            : " Last trust ratios: %s (%s) to %s (%s)."
                .formatted(
                    Numbers.of(smallest.trustRatio()),
                    smallest.layer(),
                    Numbers.of(largest.trustRatio()),
                    largest.layer());
    LongSummaryStatistics range = run.stream().mapToLong(RunStep::step).summaryStatistics();
    return "Reports: %d, of steps %d to %d.%s%s%s"
        .formatted(history.count(), range.getMin(), range.getMax(), shown, norm, trust);
  }

  private List<Figure> wholeModel() {
    Curves gradientNorm = new Curves("Gradient norm", Axis.logarithmic("gradient norm"), steps);
    Curves rates = new Curves("Learning rate", Axis.linear("learning rate"), steps);
    Curves norms = new Curves("Weight and update norm", Axis.logarithmic("norm"), steps);
    for (int i = 0; i < steps.length; i++) {
      gradientNorm.set("gradient norm", i, run.get(i).gradientNorm());
      for (RunStep.Rate rate : run.get(i).learningRates()) {
        rates.set(rate.name(), i, rate.value());
      }
      norms.set("weight norm", i, run.get(i).weightNorm());
      norms.set("update norm", i, run.get(i).updateNorm());
    }
    return figures(gradientNorm.withoutUnknown(), rates, norms.withoutUnknown());
  }

  private boolean hasLayers() {
    return run.stream().anyMatch(step -> step.layers().size() > 0);
  }

  private String layerText() {
    if (!hasLayers()) {
      return "Only the smallest and the largest trust ratio were recorded, not every layer.";
    }
    return "Layers whose trust ratio is 1 at every step, for example those without layer adaptation,"
        + " are not among the trust ratios. Norms are those of the weights before a step, and of"
        + " the update before trust ratio and learning rate.";
  }

  private List<Figure> layerFigures() {
    if (!hasLayers()) {
      return run.stream().anyMatch(step -> !step.smallest().layer().isEmpty())
          ? List.of(extremes())
          : List.of();
    }
    return figures(trustRatios, weightNorms, updateNorms);
  }

  private static List<Figure> figures(Curves... all) {
    return Stream.of(all).filter(curves -> curves.size() > 0).map(Curves::figure).toList();
  }

  /** The trust ratios of a recording without the events of layers. */
  private Figure extremes() {
    LineChart chart =
        new LineChart("Trust ratios", Axis.linear(STEP), Axis.logarithmic("trust ratio"));
    List<Series.Point> band = new ArrayList<>();
    List<List<String>> rows = new ArrayList<>();
    for (RunStep step : run) {
      double low = step.smallest().trustRatio();
      double high = step.largest().trustRatio();
      band.add(new Series.Point(step.step(), low, low, high));
      rows.add(
          List.of(
              Long.toString(step.step()),
              Numbers.of(low),
              step.smallest().layer(),
              Numbers.of(high),
              step.largest().layer()));
    }
    chart.add(Series.band("range of all adapted layers", 0, band));
    List<String> header = List.of(STEP, "smallest", "of", "largest", "of");
    return new Figure(chart, new DataTable(chart.title(), header, rows));
  }

  private DataTable layerTable() {
    Set<String> names = new LinkedHashSet<>();
    run.forEach(step -> names.addAll(step.layers().names()));
    List<List<String>> rows = new ArrayList<>();
    for (String name : names) {
      List<String> row = new ArrayList<>(List.of(name));
      List<Double> ratios =
          trustRatios.contains(name) ? trustRatios.statistics(name) : List.of(1.0, 1.0, 1.0, 1.0);
      ratios.forEach(ratio -> row.add(Numbers.of(ratio)));
      row.add(last(weightNorms, name));
      row.add(last(updateNorms, name));
      rows.add(row);
    }
    List<String> header =
        List.of(
            "Layer",
            "First trust ratio",
            "Smallest",
            "Largest",
            "Last",
            "Last weight norm",
            "Last update norm");
    return new DataTable("Every layer", header, rows);
  }

  private static String last(Curves norms, String name) {
    return norms.contains(name) ? Numbers.of(norms.statistics(name).get(3)) : "";
  }

  private String skippedText() {
    return last().skipped() == 0
        ? "No step was skipped."
        : "Skipped steps: %d, because of gradients that are not finite."
            .formatted(last().skipped());
  }

  private Figure skipped() {
    LineChart chart =
        new LineChart("Skipped steps", Axis.linear(STEP), Axis.linear("steps skipped so far"));
    List<Series.Point> points =
        IntStream.range(0, steps.length)
            .mapToObj(i -> new Series.Point(steps[i], run.get(i).skipped()))
            .toList();
    return Figure.of(chart.add(Series.steps("skipped steps", 0, points)));
  }
}
