package io.github.lamb4j.internal.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The JFR event of a layer in a step that is reported. Its numbers are those of the report. */
@Name("io.github.lamb4j.Layer")
@Label("LAMB Layer")
@Category("lamb4j")
@Description("A layer's norms and trust ratio at a step reported; off unless enabled by name")
@Enabled(false)
@StackTrace(false)
final class LayerEvent extends Event {

  /** Asked whether anybody records, so that nothing is allocated when nobody does. */
  private static final LayerEvent SWITCH = new LayerEvent();

  @Label("Step")
  @Description("Steps taken, skipped ones not counted")
  long step;

  @Label("Name")
  String name;

  @Label("Weight Norm")
  @Description("2-norm of the weights before the step")
  double weightNorm;

  @Label("Update Norm")
  @Description("2-norm of the update before the trust ratio and the learning rate")
  double updateNorm;

  @Label("Trust Ratio")
  double trustRatio;

  /** Emits one for each layer, if anybody records. */
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
