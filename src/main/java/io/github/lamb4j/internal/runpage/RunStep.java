package io.github.lamb4j.internal.runpage;

import io.github.lamb4j.report.StepReport;
import java.util.ArrayList;
import java.util.List;

/**
 * What one report says.
 *
 * @param step the number of steps taken
 * @param skipped the number of steps skipped
 * @param gradientNorm of all gradients; NaN if it is not known
 * @param learningRates by name; of each group, or the smallest and the largest
 * @param weightNorm of all layers with norms; NaN without any
 * @param updateNorm of all layers with norms; NaN without any
 * @param smallest the smallest trust ratio of the layers that are adapted
 * @param largest the largest trust ratio of the layers that are adapted
 * @param layers each layer; empty if only the extremes are known
 */
public record RunStep(
    long step,
    long skipped,
    double gradientNorm,
    List<Rate> learningRates,
    double weightNorm,
    double updateNorm,
    Extreme smallest,
    Extreme largest,
    Layers layers) {

  /** A learning rate and whose it is. */
  public record Rate(String name, double value) {}

  /**
   * A trust ratio and its layer.
   *
   * @param layer the layer's name; empty if no layer is adapted
   * @param trustRatio NaN if no layer is adapted
   */
  public record Extreme(String layer, double trustRatio) {

    /** For optimizers without adapted layers. */
    public static final Extreme NONE = new Extreme("", Double.NaN);
  }

  /**
   * Each layer's metrics, in the order of the names.
   *
   * @param names shared by the steps that have the same layers
   */
  public record Layers(
      List<String> names, double[] weightNorms, double[] updateNorms, double[] trustRatios) {

    /** No layers. */
    public static final Layers NONE =
        new Layers(List.of(), new double[0], new double[0], new double[0]);

    int size() {
      return names.size();
    }
  }

  /** The step with the metrics of each layer. */
  public RunStep with(Layers added) {
    return with(skipped, added);
  }

  /** The step with another number of skipped steps. */
  RunStep withSkipped(long count) {
    return with(count, layers);
  }

  private RunStep with(long skipped, Layers layers) {
    return new RunStep(
        step,
        skipped,
        gradientNorm,
        learningRates,
        weightNorm,
        updateNorm,
        smallest,
        largest,
        layers);
  }

  /**
   * Copies a report.
   *
   * @param known names that are shared if the report has the same
   */
  public static RunStep of(StepReport report, List<String> known) {
    List<Rate> rates = new ArrayList<>(report.groupCount());
    for (int group = 0; group < report.groupCount(); group++) {
      rates.add(new Rate(report.groupName(group), report.learningRate(group)));
    }
    Layers layers = layers(report, known);
    return new RunStep(
        report.step(),
        report.skippedSteps(),
        report.gradientNorm(),
        List.copyOf(rates),
        report.totalWeightNorm(),
        report.totalUpdateNorm(),
        extreme(report, report.layerOfSmallestTrustRatio()),
        extreme(report, report.layerOfLargestTrustRatio()),
        layers);
  }

  private static Layers layers(StepReport report, List<String> known) {
    int count = report.layerCount();
    List<String> names = new ArrayList<>(count);
    double[] weightNorms = new double[count];
    double[] updateNorms = new double[count];
    double[] trustRatios = new double[count];
    for (int layer = 0; layer < count; layer++) {
      names.add(report.name(layer));
      weightNorms[layer] = report.weightNorm(layer);
      updateNorms[layer] = report.updateNorm(layer);
      trustRatios[layer] = report.trustRatio(layer);
    }
    return new Layers(
        names.equals(known) ? known : List.copyOf(names), weightNorms, updateNorms, trustRatios);
  }

  private static Extreme extreme(StepReport report, int layer) {
    return layer < 0 ? Extreme.NONE : new Extreme(report.name(layer), report.trustRatio(layer));
  }
}
