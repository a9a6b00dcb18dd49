package io.github.lamb4j.internal.cpu;

/**
 * First pass of a step: a tile's moments, and its sums of w^2 and r^2 (and of c^2, for LANS); the
 * twin of {@code kernels/moments.cuh}.
 */
final class Moments {

  private Moments() {}

  static void tile(CpuGroup group, int tile, Scratch x) {
    CpuGroup.Segment segment = group.segmentOf(tile);
    int start = group.start(tile);
    int count = group.count(tile);
    x.load(segment.gradients(), start, count, x.g);
    Scratch.load(segment.weights(), start, count, x.w);
    Scratch.load(segment.expAvg(), start, count, x.m);
    Scratch.load(segment.expAvgSq(), start, count, x.v);
    scaleGradients(x.g, group.gradientScale(tile));
    decay(x.w, group.state.decoupledDecay);
    updateMoments(x, group.state);
    Scratch.store(x.m, segment.expAvg(), start, count);
    Scratch.store(x.v, segment.expAvgSq(), start, count);
    group.weightPartials[tile] = Sums.ofSquares(x.w, x.sums);
    group.updatePartials[tile] = Sums.ofSquares(x.r, x.sums);
    if (group.lans) {
      gradientUpdates(x, group.state);
      group.gradientPartials[tile] = Sums.ofSquares(x.r, x.sums);
    }
  }

  static void scaleGradients(float[] g, double scale) {
    if (scale == 1) {
      return;
    }
    for (int i = 0; i < g.length; i++) {
      g[i] = Elements.scaledGradient(g[i], scale);
    }
  }

  static void decay(float[] w, float decoupledDecay) {
    if (decoupledDecay == 0) {
      return;
    }
    for (int i = 0; i < w.length; i++) {
      w[i] = Elements.decayed(w[i], decoupledDecay);
    }
  }

  // A loop for each result, over locals: the compiler vectorises these, and not one loop with
  // three.
  private static void updateMoments(Scratch x, BeginStep c) {
    float[] g = x.g;
    float[] w = x.w;
    float[] m = x.m;
    float[] v = x.v;
    float[] r = x.r;
    for (int i = 0; i < m.length; i++) {
      m[i] = Elements.nextM(m[i], g[i], c.beta1Hi, c.beta1Lo, c.oneMinusBeta1);
    }
    for (int i = 0; i < v.length; i++) {
      v[i] = Elements.nextV(v[i], g[i], c.beta2Hi, c.beta2Lo, c.oneMinusBeta2);
    }
    for (int i = 0; i < r.length; i++) {
      r[i] =
          Elements.update(
              w[i], m[i], v[i], c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
    }
  }

  /** LANS' second term takes the place of r. */
  static void gradientUpdates(Scratch x, BeginStep c) {
    float[] g = x.g;
    float[] w = x.w;
    float[] v = x.v;
    float[] r = x.r;
    for (int i = 0; i < r.length; i++) {
      r[i] = Elements.updateTerm(g[i], w[i], v[i], c.sqrtVCorrection, c.epsilon, c.weightDecay);
    }
  }
}
