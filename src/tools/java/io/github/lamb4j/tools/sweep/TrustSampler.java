package io.github.lamb4j.tools.sweep;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.report.LayerStats;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the trust ratios of adapted layers at about 50 steps of a run, from the first to the last.
 */
final class TrustSampler {

  private static final int SAMPLES = 50;

  private final Lamb optimizer;
  private final long last;
  private final long stride;
  private final List<Long> steps = new ArrayList<>();
  private final Map<String, List<Double>> ratios = new LinkedHashMap<>();
  private long step;

  TrustSampler(Lamb optimizer, long last) {
    this.optimizer = optimizer;
    this.last = last;
    stride = Math.max(1, (last + SAMPLES - 1) / SAMPLES);
    optimizer.groups().stream()
        .filter(group -> group.hyperparameters().isAdapted())
        .flatMap(group -> group.parameters().stream())
        .forEach(parameter -> ratios.put(parameter.name(), new ArrayList<>()));
  }

  /** Called after every step. */
  void sample() {
    step++;
    if (ratios.isEmpty() || (step % stride != 1 % stride && step != last)) {
      return;
    }
    // The first step may have been skipped; then there is nothing to read yet.
    if (optimizer.stepCount() > 0) {
      steps.add(step);
      for (LayerStats layer : optimizer.layerStats()) {
        if (ratios.containsKey(layer.name())) {
          ratios.get(layer.name()).add(layer.trustRatio());
        }
      }
    }
  }

  List<SweepCell.TrustCurve> curves() {
    List<SweepCell.TrustCurve> curves = new ArrayList<>();
    ratios.forEach(
        (layer, values) ->
            curves.add(new SweepCell.TrustCurve(layer, List.copyOf(steps), List.copyOf(values))));
    return curves;
  }
}
