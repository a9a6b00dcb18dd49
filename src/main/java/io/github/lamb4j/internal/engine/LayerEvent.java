package io.github.lamb4j.internal.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** JFR event with the metrics of one layer at a reported step, taken from {@link ReportData}. */
@Name("io.github.lamb4j.Layer")
@Label("LAMB Layer")
@Category("lamb4j")
@Description("Norms and trust ratio of one layer at a reported step; disabled by default")
@Enabled(false)
@StackTrace(false)
final class LayerEvent extends Event {

  /** Tells whether a recording is active, without allocating an event. */
  private static final LayerEvent SWITCH = new LayerEvent();

  @Label("Step")
  @Description("Number of steps taken, not counting skipped steps")
  long step;

  @Label("Name")
  @Description("Name of the parameter")
  String name;

  @Label("Weight Norm")
  @Description("2-norm of the weights before the step; NaN if it is not computed")
  double weightNorm;

  @Label("Update Norm")
  @Description(
      "2-norm of the update before trust ratio and learning rate; NaN if it is not computed")
  double updateNorm;

  @Label("Trust Ratio")
  @Description("Factor applied to the update; 1 if the layer is not adapted")
  double trustRatio;

  /** Emits one event per layer if a recording is active. */
  static void emit(ReportData report) {
    for (int layer = 0; SWITCH.isEnabled() && layer < report.layerCount(); layer++) {
      LayerEvent event = new LayerEvent();
      event.step = report.step();
      event.name = report.name(layer);
      event.weightNorm = report.weightNorm(layer);
      event.updateNorm = report.updateNorm(layer);
      event.trustRatio = report.trustRatio(layer);
      event.commit();
    }
  }
}
