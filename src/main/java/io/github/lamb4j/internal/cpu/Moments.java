package io.github.lamb4j.internal.cpu;

/**
 * First pass of a step: moments, and each tile's sums of w^2 and r^2 (and of c^2, for LANS); the
 * twin of {@code kernels/moments.cuh}.
 */
final class Moments {

  private Moments() {}

  /** Updates the moments of a span, and leaves its updates in {@link Span#r}. */
  static void update(Span span) {
    CpuGroup group = span.group;
    Coefficients c = group.state.coefficients;
    span.loadDecayedWeights();
    boolean weightsFirst = span.kernels.sumsWeightsFirst();
    if (weightsFirst) {
      span.sumSquares(span.w, span.wAt, group.weightSums);
    }
    if (group.lans || c.gradientScale == 1) {
      span.loadScaledGradients();
      span.kernels.moments(
          span.w,
          span.wAt,
          span.g,
          span.gAt,
          span.segment.expAvg(),
          span.segment.expAvgSq(),
          span.start,
          span.r,
          0,
          span.count,
          c);
    } else {
      span.loadGradients();
      span.kernels.scaledMoments(
          span.w,
          span.wAt,
          span.g,
          span.gAt,
          c.gradientScale,
          span.segment.expAvg(),
          span.segment.expAvgSq(),
          span.start,
          span.r,
          0,
          span.count,
          c);
    }
    if (!weightsFirst) {
      span.sumSquares(span.w, span.wAt, group.weightSums);
    }
    span.sumSquares(span.r, 0, group.updateSums);
    if (group.lans) {
      span.formGradientUpdates();
      span.sumSquares(span.c, 0, group.gradientUpdateSums);
    }
  }
}
