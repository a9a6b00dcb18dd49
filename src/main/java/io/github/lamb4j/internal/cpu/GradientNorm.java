package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.Scalar;

/**
 * The norm of all gradients, and what a step makes of it; the twin of {@code
 * kernels/gradient_norm.cuh}.
 */
final class GradientNorm {

  private final GradientOptions options;

  /** The norm of all true gradients at the last step; NaN before it. */
  double norm = Double.NaN;

  /** What each gradient is multiplied by. */
  double scale = 1;

  /** Steps skipped since the optimizer began. */
  long skipped;

  boolean skip;
  boolean halted;

  GradientNorm(GradientOptions options) {
    this.options = options;
  }

  /** Goes on as if so many steps had been skipped; what the last one found is forgotten. */
  void begin(long skippedSteps) {
    norm = Double.NaN;
    skipped = skippedSteps;
    skip = false;
    halted = false;
  }

  /** A tile's sum of g^2. */
  static void tile(CpuGroup group, int tile, Scratch x) {
    x.load(group.segmentOf(tile).gradients(), group.start(tile), group.count(tile), x.g);
    group.weightPartials[tile] = Sums.ofSquares(x.g, x.sums);
  }

  /** A segment's sum of g^2, from its tiles' sums. */
  static double segment(CpuGroup group, int segment, Scratch x) {
    double sum =
        Sums.ofLanes(
            group.weightPartials,
            group.tiling.firstTile(segment),
            group.tiling.tileCount(segment),
            x.sums);
    group.gradientScales[segment] = sum == 0 ? 0 : 1 / Math.sqrt(sum);
    return sum;
  }

  /**
   * Decides over a step.
   *
   * @param segmentSums over all segments of all groups; none if the norm is not computed
   */
  void decide(double[] segmentSums, int count, Scratch x) {
    double raw =
        options.norm().isPresent()
            ? value(options.norm().get())
            : Math.sqrt(Sums.ofLanes(segmentSums, 0, count, x.sums));
    double s = options.constantDivisor();
    if (options.lossScale() instanceof Scalar.OnHost) {
      s *= value(options.lossScale());
    }
    if (options.divisor() instanceof Scalar.OnHost) {
      s *= value(options.divisor());
    }
    double trueNorm = raw / s;
    if (!halted) {
      norm = trueNorm; // what has ended a run is to be heard of
    }
    double maxNorm = options.maxNorm().orElse(Double.POSITIVE_INFINITY);
    scale = trueNorm > maxNorm ? maxNorm / raw : 1 / s;
    // What is left of the norm after clipping bounds every gradient. One that grows must not become
    // infinite.
    boolean fits = scale <= 1 || Math.min(trueNorm, maxNorm) <= Float.MAX_VALUE;
    boolean sound = Double.isFinite(trueNorm) && Double.isFinite(s) && s > 0 && fits;
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
