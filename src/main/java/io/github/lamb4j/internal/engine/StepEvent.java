package io.github.lamb4j.internal.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The JFR event of a step that is reported. Its numbers are those of {@link ReportData}. */
@Name("io.github.lamb4j.Step")
@Label("LAMB Step")
@Category("lamb4j")
@Description(
    "What the last step before a report found; of a skipped one only its gradient norm is new")
@StackTrace(false)
final class StepEvent extends Event {

  /** Asked whether anybody records, so that nothing is allocated when nobody does. */
  private static final StepEvent SWITCH = new StepEvent();

  @Label("Step")
  @Description("Steps taken, skipped ones not counted")
  long step;

  @Label("Skipped Steps")
  @Description("Steps skipped for non-finite gradients")
  long skippedSteps;

  @Label("Gradient Norm")
  @Description("2-norm of all true gradients before clipping, NaN if no step computes it")
  double gradientNorm;

  @Label("Smallest Learning Rate")
  @Description("The smallest of all groups")
  double smallestLearningRate;

  @Label("Largest Learning Rate")
  @Description("The largest of all groups")
  double largestLearningRate;

  @Label("Layers")
  int layers;

  @Label("Weight Norm")
  @Description("2-norm of the weights of all layers before the step")
  double weightNorm;

  @Label("Update Norm")
  @Description("2-norm of the updates of all layers before trust ratios and learning rates")
  double updateNorm;

  @Label("Smallest Trust Ratio")
  @Description("The smallest of all layers that are adapted, NaN if none is")
  double smallestTrustRatio = Double.NaN;

  @Label("Layer of the Smallest Trust Ratio")
  String smallestTrustRatioLayer;

  @Label("Largest Trust Ratio")
  @Description("The largest of all layers that are adapted, NaN if none is")
  double largestTrustRatio = Double.NaN;

  @Label("Layer of the Largest Trust Ratio")
  String largestTrustRatioLayer;

  /** Emits one, if anybody records. */
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
    double weightSquares = 0;
    double updateSquares = 0;
    for (int layer = 0; layer < layers; layer++) {
      weightSquares += report.weightNorm(layer) * report.weightNorm(layer);
      updateSquares += report.updateNorm(layer) * report.updateNorm(layer);
    }
    weightNorm = Math.sqrt(weightSquares);
    updateNorm = Math.sqrt(updateSquares);
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
