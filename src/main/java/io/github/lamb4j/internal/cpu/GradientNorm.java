package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.numerics.Sums;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.Scalar;

/**
 * The norm of all gradients, and the decisions that depend on it: the factor that unscales and
 * clips them, and whether the step is skipped. The twin of {@code kernels/gradient_norm.cuh}.
 */
final class GradientNorm {

  private final GradientOptions options;

  /** The norm of all true gradients at the last step; NaN before the first. */
  double norm = Double.NaN;

  /** The factor for each gradient. */
  double scale = 1;

  /** The first product of loss scale and divisor that was not finite and above 0; otherwise 1. */
  double divisor = 1;

  /** Steps skipped since the optimizer began. */
  long skipped;

  boolean skip;
  boolean halted;

  GradientNorm(GradientOptions options) {
    this.options = options;
  }

  /** Continues after this many skipped steps, without the results of the last step. */
  void begin(long skippedSteps) {
    norm = Double.NaN;
    divisor = 1;
    skipped = skippedSteps;
    skip = false;
    halted = false;
  }

  /** Each tile's sum of g^2. */
  static void sumSquares(Span span) {
    span.loadGradients();
    span.sumSquares(span.g, span.gAt, span.group.gradientSums);
  }

  /** A segment's sum of g^2, from its tiles' sums. */
  static double segment(CpuGroup group, int segment, Span span) {
    double sum = group.sumOver(group.gradientSums, segment, span);
    group.gradientScales[segment] = sum == 0 ? 0 : 1 / Math.sqrt(sum);
    return sum;
  }

  /**
   * Decides about a step.
   *
   * @param segmentSums one per segment of all groups
   * @param count the number of segments; 0 if the norm is not computed
   */
  void decide(double[] segmentSums, int count, Span span) {
    double raw =
        options.norm().isPresent()
            ? value(options.norm().get())
            : Math.sqrt(Sums.ofLanes(segmentSums, 0, count, span.lanes));
    double s = options.constantDivisor();
    if (options.lossScale() instanceof Scalar.OnHost) {
      s *= value(options.lossScale());
    }
    if (options.divisor() instanceof Scalar.OnHost) {
      s *= value(options.divisor());
    }
    boolean positive = Double.isFinite(s) && s > 0;
    double trueNorm = positive && raw >= 0 ? raw / s : Double.NaN;
    if (!halted) {
      norm = trueNorm; // once halted, what caused it stays for reports
      divisor = positive || divisor != 1 ? divisor : s;
    }
    double maxNorm = options.maxNorm().orElse(Double.POSITIVE_INFINITY);
    scale = trueNorm > maxNorm ? maxNorm / raw : 1 / s;
    // The norm after clipping bounds every gradient: one that is scaled up must not become
    // infinite.
    boolean fits = scale <= 1 || Math.min(trueNorm, maxNorm) <= Float.MAX_VALUE;
    boolean sound = Double.isFinite(trueNorm) && positive && fits;
    boolean bad = options.nonFinite() != NonFiniteGradients.PROPAGATE && !sound;
    if (bad && options.nonFinite() == NonFiniteGradients.FAIL) {
      halted = true;
    }
    skip = bad || halted;
    if (skip) {
      skipped++;
    }
  }

  private static double value(Scalar scalar) {
    return ((Scalar.OnHost) scalar).array().floats().get(0);
  }
}
