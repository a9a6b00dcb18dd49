package io.github.lamb4j.cpu;

import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.Limits;
import io.github.lamb4j.core.Backend.SegmentNorms;

/**
 * A segment's norms and trust ratio from its tiles' sums; the twin of {@code
 * kernels/trust_ratio.cuh}.
 */
final class TrustRatios {

  private TrustRatios() {}

  static void segment(CpuGroup group, int segment, Scratch x) {
    int first = group.tiling.firstTile(segment);
    int count = group.tiling.tileCount(segment);
    double weightNorm = Math.sqrt(Sums.ofLanes(group.weightPartials, first, count, x.sums));
    double updateNorm = Math.sqrt(Sums.ofLanes(group.updatePartials, first, count, x.sums));
    double ratio = trustRatio(weightNorm, updateNorm, group.hyperparameters);
    group.norms[segment] = new SegmentNorms(weightNorm, updateNorm, ratio);
    group.stepSizes[segment] = Elements.stepSize(group.state.learningRate, ratio);
  }

  private static double trustRatio(double weightNorm, double updateNorm, Hyperparameters h) {
    if (!h.layerAdaptation() || weightNorm == 0 || updateNorm == 0) {
      return 1;
    }
    return clamp(clamp(weightNorm, h.weightNormLimits()) / updateNorm, h.trustRatioLimits());
  }

  /** Written so that a NaN passes through. */
  private static double clamp(double x, Limits limits) {
    return x < limits.min() ? limits.min() : x > limits.max() ? limits.max() : x;
  }
}
