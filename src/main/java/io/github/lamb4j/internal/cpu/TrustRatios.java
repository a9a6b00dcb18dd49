package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.internal.numerics.Elements;
import io.github.lamb4j.internal.numerics.TileSums;

/**
 * A segment's norms and trust ratio from its tiles' sums; the twin of {@code
 * kernels/trust_ratio.cuh}.
 */
final class TrustRatios {

  private TrustRatios() {}

  static void segment(CpuGroup group, int segment, Span span) {
    Hyperparameters h = group.hyperparameters;
    double rate = group.state.coefficients.learningRate;
    double weightNorm = norm(group, group.weightSums, segment, span);
    double updateNorm = norm(group, group.updateSums, segment, span);
    double ratio = trustRatio(weightNorm, updateNorm, h);
    group.weightNorms[segment] = weightNorm;
    group.updateNorms[segment] = updateNorm;
    group.trustRatios[segment] = ratio;
    group.stepSizes[segment] = Elements.stepSize(group.lans ? rate * h.beta1() : rate, ratio);
    if (group.lans) {
      double gradientUpdateNorm = norm(group, group.gradientUpdateSums, segment, span);
      double gradientRatio = trustRatio(weightNorm, gradientUpdateNorm, h);
      group.gradientUpdateNorms[segment] = gradientUpdateNorm;
      group.gradientTrustRatios[segment] = gradientRatio;
      group.gradientStepSizes[segment] = Elements.stepSize(rate * (1 - h.beta1()), gradientRatio);
    }
  }

  private static double norm(CpuGroup group, TileSums sums, int segment, Span span) {
    return Math.sqrt(group.sumOver(sums, segment, span));
  }

  private static double trustRatio(double weightNorm, double updateNorm, Hyperparameters h) {
    if (!h.isAdapted() || weightNorm == 0 || updateNorm == 0) {
      return 1;
    }
    return clamp(clamp(weightNorm, h.weightNormLimits()) / updateNorm, h.trustRatioLimits());
  }

  /** NaN stays NaN. */
  private static double clamp(double x, Limits limits) {
    return x < limits.min() ? limits.min() : x > limits.max() ? limits.max() : x;
  }
}
