package io.github.lamb4j.internal.cpu;

/**
 * Second pass of a step: w -= learning_rate * ratio * r; the twin of {@code kernels/apply.cuh}. It
 * forms r again: keeping it since the first pass would cost as much.
 */
final class Apply {

  private Apply() {}

  static void step(Span span) {
    CpuGroup group = span.group;
    span.loadDecayedWeights();
    if (group.lans) {
      applyLans(span);
    } else {
      span.kernels.apply(
          span.w,
          span.wAt,
          span.segment.expAvg(),
          span.segment.expAvgSq(),
          span.start,
          span.count,
          group.state.coefficients,
          group.stepSizes[span.segmentIndex]);
    }
    span.storeWeights();
  }

  private static void applyLans(Span span) {
    CpuGroup group = span.group;
    span.loadScaledGradients();
    span.kernels.updates(
        span.w,
        span.wAt,
        span.segment.expAvg(),
        span.segment.expAvgSq(),
        span.start,
        span.r,
        0,
        span.count,
        group.state.coefficients);
    span.formGradientUpdates();
    span.subtract(span.r, group.stepSizes[span.segmentIndex]);
    span.subtract(span.c, group.gradientStepSizes[span.segmentIndex]);
  }
}
