package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Elements;

/**
 * A whole step of a group without layer adaptation, in one pass; the twin of {@code
 * kernels/unadapted.cuh}. The trust ratio is 1, so no tile waits for a norm. A tile's sums of
 * squares are formed only if a report contains norms.
 */
final class Unadapted {

  private Unadapted() {}

  static void step(Span span) {
    CpuGroup group = span.group;
    Coefficients c = group.state.coefficients;
    float stepSize = Elements.stepSize(c.learningRate, 1);
    if (group.reportsNorms) {
      Moments.update(span);
      span.subtract(span.r, stepSize);
    } else {
      span.loadScaledGradients();
      span.loadDecayedWeights();
      span.kernels.unadapted(
          span.w,
          span.wAt,
          span.g,
          span.gAt,
          span.segment.expAvg(),
          span.segment.expAvgSq(),
          span.start,
          span.count,
          c,
          stepSize);
    }
    span.storeWeights();
  }
}
