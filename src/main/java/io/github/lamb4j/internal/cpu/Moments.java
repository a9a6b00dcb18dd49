package io.github.lamb4j.internal.cpu;

/**
 * First pass of a step: moments, and each tile's sums of w^2 and r^2 (and of c^2, for LANS); the
 * twin of {@code kernels/moments.cuh}.
 */
final class Moments {

  private Moments() {}

  /**
   * Updates the moments of a span.
   *
   * @param r receives the updates from index {@code rAt} on
   */
  static void update(Span span, float[] r, int rAt) {
    CpuGroup group = span.group;
    Coefficients c = group.state.coefficients;
    span.loadDecayedWeights();
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
          r,
          rAt,
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
          r,
          rAt,
          span.count,
          c);
    }
    span.sumSquares(span.w, span.wAt, group.weightSums);
    span.sumSquares(r, rAt, group.updateSums);
    if (group.lans) {
      span.formGradientUpdates();
      span.sumSquares(span.c, 0, group.gradientUpdateSums);
    }
  }
}
