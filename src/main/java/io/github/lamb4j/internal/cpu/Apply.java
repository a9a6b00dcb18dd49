package io.github.lamb4j.internal.cpu;

/**
 * Second pass of a step: a tile's w -= learning_rate * ratio * r, with r formed again; the twin of
 * {@code kernels/apply.cuh}.
 */
final class Apply {

  private Apply() {}

  static void tile(CpuGroup group, int tile, Scratch x) {
    CpuGroup.Segment segment = group.segmentOf(tile);
    int index = group.tiling.segmentOf(tile);
    int start = group.start(tile);
    int count = group.count(tile);
    Scratch.load(segment.weights(), start, count, x.w);
    Scratch.load(segment.expAvg(), start, count, x.m);
    Scratch.load(segment.expAvgSq(), start, count, x.v);
    Moments.decay(x.w, group.state.decoupledDecay);
    if (group.lans) {
      x.load(segment.gradients(), start, count, x.g);
      Moments.scaleGradients(x.g, group.gradientScale(tile));
      Moments.gradientUpdates(x, group.state);
      updateWeights(x, group.state, group.stepSizes[index]);
      subtract(x.w, x.r, group.gradientStepSizes[index]);
    } else {
      updateWeights(x, group.state, group.stepSizes[index]);
    }
    Scratch.store(x.w, segment.weights(), start, count);
    if (segment.model() != null) {
      x.round(x.w, segment.model(), start, count);
    }
  }

  private static void updateWeights(Scratch x, BeginStep c, float stepSize) {
    float[] w = x.w;
    float[] m = x.m;
    float[] v = x.v;
    for (int i = 0; i < w.length; i++) {
      float r =
          Elements.update(
              w[i], m[i], v[i], c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
      w[i] = Elements.nextWeight(w[i], r, stepSize);
    }
  }

  private static void subtract(float[] w, float[] r, float stepSize) {
    for (int i = 0; i < w.length; i++) {
      w[i] = Elements.nextWeight(w[i], r[i], stepSize);
    }
  }
}
