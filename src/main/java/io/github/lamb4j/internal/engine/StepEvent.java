package io.github.lamb4j.internal.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** JFR event with the metrics of a reported step, taken from {@link ReportData}. */
@Name("io.github.lamb4j.Step")
@Label("LAMB Step")
@Category("lamb4j")
@Description(
    "Metrics of the most recent step at the time of a report. If it was skipped, only the gradient norm is updated.")
@StackTrace(false)
final class StepEvent extends Event {

  /** Tells whether a recording is active, without allocating an event. */
  private static final StepEvent SWITCH = new StepEvent();

  @Label("Step")
  @Description("Number of steps taken, not counting skipped steps")
  long step;

  @Label("Skipped Steps")
  @Description("Number of steps skipped because of non-finite gradients")
  long skippedSteps;

  @Label("Gradient Norm")
  @Description("2-norm of all unscaled gradients before clipping; NaN if it is not computed")
  double gradientNorm;

  @Label("Smallest Learning Rate")
  @Description("Smallest learning rate of all groups")
  double smallestLearningRate;

  @Label("Largest Learning Rate")
  @Description("Largest learning rate of all groups")
  double largestLearningRate;

  @Label("Layers")
  @Description("Number of layers, one per parameter")
  int layers;

  @Label("Weight Norm")
  @Description(
      "2-norm of the weights of all layers with norms, before the step; NaN without such layers")
  double weightNorm;

  @Label("Update Norm")
  @Description(
      "2-norm of the updates of all layers with norms, before trust ratio and learning rate; NaN without such layers")
  double updateNorm;

  @Label("Smallest Trust Ratio")
  @Description("Smallest trust ratio of all adapted layers; NaN without adapted layers")
  double smallestTrustRatio = Double.NaN;

  @Label("Layer with Smallest Trust Ratio")
  String smallestTrustRatioLayer;

  @Label("Largest Trust Ratio")
  @Description("Largest trust ratio of all adapted layers; NaN without adapted layers")
  double largestTrustRatio = Double.NaN;

  @Label("Layer with Largest Trust Ratio")
  String largestTrustRatioLayer;

  /** Emits an event if a recording is active. */
  static void emit(ReportData report) {
    if (SWITCH.isEnabled()) {
      StepEvent event = new StepEvent();
      event.fill(report);
      event.commit();
    }
  }

  private void fill(ReportData report) {
    step = report.step();
    skippedSteps = report.skippedSteps();
    gradientNorm = report.gradientNorm();
    smallestLearningRate = report.smallestLearningRate();
    largestLearningRate = report.largestLearningRate();
    layers = report.layerCount();
    weightNorm = report.totalWeightNorm();
    updateNorm = report.totalUpdateNorm();
    int smallest = report.layerOfSmallestTrustRatio();
    if (smallest >= 0) {
      smallestTrustRatio = report.trustRatio(smallest);
      smallestTrustRatioLayer = report.name(smallest);
      int largest = report.layerOfLargestTrustRatio();
      largestTrustRatio = report.trustRatio(largest);
      largestTrustRatioLayer = report.name(largest);
    }
  }
}
