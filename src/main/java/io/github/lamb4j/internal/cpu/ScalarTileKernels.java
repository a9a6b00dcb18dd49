package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Elements;
import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.internal.numerics.Sums;

/**
 * Plain loops, which run on every Java virtual machine.
 *
 * <p>Java 17's compiler vectorizes a loop only if it uses one index for all arrays. Arrays that
 * start where the moments start are used in place. All others, and the updates, are copied in short
 * pieces: while a processor computes one piece, it already loads the next.
 */
final class ScalarTileKernels implements TileKernels {

  /** Shorter pieces cost more calls; the loads of longer ones do not overlap with computing. */
  private static final int PIECE = 512;

  private final float[] pieceW = new float[PIECE];
  private final float[] pieceG = new float[PIECE];
  private final float[] pieceM = new float[PIECE];
  private final float[] pieceV = new float[PIECE];
  private final float[] pieceR = new float[PIECE];
  private final double[] quads = new double[Sums.QUADS];

  @Override
  public double sumOfSquares(float[] x, int at, int count) {
    return Sums.ofSquares(x, at, count, quads);
  }

  /** Otherwise {@link #updates} would wait for them: only the moments are in the cache by then. */
  @Override
  public boolean sumsWeightsFirst() {
    return true;
  }

  @Override
  public void moments(
      float[] w,
      int wAt,
      float[] g,
      int gAt,
      float[] m,
      float[] v,
      int momentsAt,
      float[] r,
      int rAt,
      int count,
      Coefficients c) {
    if (gAt == momentsAt) {
      updateMoments(g, m, v, momentsAt, momentsAt + count, c);
    } else {
      for (int i = 0; i < count; i += PIECE) {
        int length = Math.min(PIECE, count - i);
        System.arraycopy(g, gAt + i, pieceG, 0, length);
        updateMoments(m, v, momentsAt + i, length, c);
      }
    }
    updates(w, wAt, m, v, momentsAt, r, rAt, count, c);
  }

  @Override
  public void scaledMoments(
      float[] w,
      int wAt,
      float[] g,
      int gAt,
      double gradientScale,
      float[] m,
      float[] v,
      int momentsAt,
      float[] r,
      int rAt,
      int count,
      Coefficients c) {
    for (int i = 0; i < count; i += PIECE) {
      int length = Math.min(PIECE, count - i);
      scale(g, gAt + i, pieceG, 0, length, gradientScale);
      updateMoments(m, v, momentsAt + i, length, c);
    }
    updates(w, wAt, m, v, momentsAt, r, rAt, count, c);
  }

  /** Updates the moments of a piece whose gradients are copied. */
  private void updateMoments(float[] m, float[] v, int momentsAt, int count, Coefficients c) {
    System.arraycopy(m, momentsAt, pieceM, 0, count);
    System.arraycopy(v, momentsAt, pieceV, 0, count);
    updateMoments(pieceG, pieceM, pieceV, 0, count, c);
    System.arraycopy(pieceM, 0, m, momentsAt, count);
    System.arraycopy(pieceV, 0, v, momentsAt, count);
  }

  private static void updateMoments(
      float[] g, float[] m, float[] v, int from, int to, Coefficients c) {
    for (int i = from; i < to; i++) {
      m[i] = Elements.nextM(m[i], g[i], c.beta1Hi, c.beta1Lo, c.oneMinusBeta1);
      v[i] = Elements.nextV(v[i], g[i], c.beta2Hi, c.beta2Lo, c.oneMinusBeta2);
    }
  }

  @Override
  public void unadapted(
      float[] w,
      int wAt,
      float[] g,
      int gAt,
      float[] m,
      float[] v,
      int momentsAt,
      int count,
      Coefficients c,
      float stepSize) {
    if (wAt == momentsAt && gAt == momentsAt) {
      step(w, g, m, v, momentsAt, momentsAt + count, c, stepSize);
      return;
    }
    for (int i = 0; i < count; i += PIECE) {
      int length = Math.min(PIECE, count - i);
      System.arraycopy(g, gAt + i, pieceG, 0, length);
      copyWeightsAndMoments(w, wAt + i, m, v, momentsAt + i, length);
      step(pieceW, pieceG, pieceM, pieceV, 0, length, c, stepSize);
      System.arraycopy(pieceM, 0, m, momentsAt + i, length);
      System.arraycopy(pieceV, 0, v, momentsAt + i, length);
      System.arraycopy(pieceW, 0, w, wAt + i, length);
    }
  }

  private void copyWeightsAndMoments(
      float[] w, int wAt, float[] m, float[] v, int momentsAt, int count) {
    System.arraycopy(w, wAt, pieceW, 0, count);
    System.arraycopy(m, momentsAt, pieceM, 0, count);
    System.arraycopy(v, momentsAt, pieceV, 0, count);
  }

  private static void step(
      float[] w,
      float[] g,
      float[] m,
      float[] v,
      int from,
      int to,
      Coefficients c,
      float stepSize) {
    for (int i = from; i < to; i++) {
      float nextM = Elements.nextM(m[i], g[i], c.beta1Hi, c.beta1Lo, c.oneMinusBeta1);
      float nextV = Elements.nextV(v[i], g[i], c.beta2Hi, c.beta2Lo, c.oneMinusBeta2);
      m[i] = nextM;
      v[i] = nextV;
      float r =
          Elements.update(
              w[i], nextM, nextV, c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
      w[i] = Elements.nextWeight(w[i], r, stepSize);
    }
  }

  @Override
  public void updates(
      float[] w,
      int wAt,
      float[] m,
      float[] v,
      int momentsAt,
      float[] r,
      int rAt,
      int count,
      Coefficients c) {
    for (int i = 0; i < count; i += PIECE) {
      int length = Math.min(PIECE, count - i);
      copyWeightsAndMoments(w, wAt + i, m, v, momentsAt + i, length);
      formUpdates(length, c);
      System.arraycopy(pieceR, 0, r, rAt + i, length);
    }
  }

  private void formUpdates(int count, Coefficients c) {
    float[] w = pieceW;
    float[] m = pieceM;
    float[] v = pieceV;
    float[] r = pieceR;
    for (int i = 0; i < count; i++) {
      r[i] =
          Elements.update(
              w[i], m[i], v[i], c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
    }
  }

  @Override
  public void apply(
      float[] w,
      int wAt,
      float[] m,
      float[] v,
      int momentsAt,
      int count,
      Coefficients c,
      float stepSize) {
    if (wAt == momentsAt) {
      apply(w, m, v, momentsAt, momentsAt + count, c, stepSize);
      return;
    }
    for (int i = 0; i < count; i += PIECE) {
      int length = Math.min(PIECE, count - i);
      copyWeightsAndMoments(w, wAt + i, m, v, momentsAt + i, length);
      apply(pieceW, pieceM, pieceV, 0, length, c, stepSize);
      System.arraycopy(pieceW, 0, w, wAt + i, length);
    }
  }

  private static void apply(
      float[] w, float[] m, float[] v, int from, int to, Coefficients c, float stepSize) {
    for (int i = from; i < to; i++) {
      float r =
          Elements.update(
              w[i], m[i], v[i], c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
      w[i] = Elements.nextWeight(w[i], r, stepSize);
    }
  }

  @Override
  public void gradientUpdates(
      float[] w,
      int wAt,
      float[] g,
      int gAt,
      float[] v,
      int vAt,
      float[] r,
      int rAt,
      int count,
      Coefficients c) {
    for (int i = 0; i < count; i += PIECE) {
      int length = Math.min(PIECE, count - i);
      System.arraycopy(w, wAt + i, pieceW, 0, length);
      System.arraycopy(g, gAt + i, pieceG, 0, length);
      System.arraycopy(v, vAt + i, pieceV, 0, length);
      formGradientUpdates(length, c);
      System.arraycopy(pieceR, 0, r, rAt + i, length);
    }
  }

  private void formGradientUpdates(int count, Coefficients c) {
    float[] w = pieceW;
    float[] g = pieceG;
    float[] v = pieceV;
    float[] r = pieceR;
    for (int i = 0; i < count; i++) {
      r[i] = Elements.updateTerm(g[i], w[i], v[i], c.sqrtVCorrection, c.epsilon, c.weightDecay);
    }
  }

  @Override
  public void subtract(float[] w, int wAt, float[] r, int rAt, int count, float stepSize) {
    for (int i = 0; i < count; i += PIECE) {
      int length = Math.min(PIECE, count - i);
      System.arraycopy(w, wAt + i, pieceW, 0, length);
      System.arraycopy(r, rAt + i, pieceR, 0, length);
      subtract(length, stepSize);
      System.arraycopy(pieceW, 0, w, wAt + i, length);
    }
  }

  private void subtract(int count, float stepSize) {
    float[] w = pieceW;
    float[] r = pieceR;
    for (int i = 0; i < count; i++) {
      w[i] = Elements.nextWeight(w[i], r[i], stepSize);
    }
  }

  @Override
  public void decay(float[] w, int at, float[] to, int toAt, int count, float decoupledDecay) {
    for (int i = 0; i < count; i += PIECE) {
      int length = Math.min(PIECE, count - i);
      System.arraycopy(w, at + i, pieceW, 0, length);
      decay(length, decoupledDecay);
      System.arraycopy(pieceW, 0, to, toAt + i, length);
    }
  }

  private void decay(int count, float decoupledDecay) {
    float[] w = pieceW;
    for (int i = 0; i < count; i++) {
      w[i] = Elements.decayed(w[i], decoupledDecay);
    }
  }

  @Override
  public void scale(float[] gradients, int at, float[] to, int toAt, int count, double scale) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] = Elements.scaledGradient(gradients[at + i], scale);
    }
  }

  @Override
  public void add(float[] target, int at, float[] source, int sourceAt, int count) {
    for (int i = 0; i < count; i += PIECE) {
      int length = Math.min(PIECE, count - i);
      System.arraycopy(target, at + i, pieceW, 0, length);
      System.arraycopy(source, sourceAt + i, pieceG, 0, length);
      add(length);
      System.arraycopy(pieceW, 0, target, at + i, length);
    }
  }

  private void add(int count) {
    float[] sum = pieceW;
    float[] g = pieceG;
    for (int i = 0; i < count; i++) {
      sum[i] += g[i];
    }
  }

  @Override
  public void widenF16(short[] from, int at, float[] to, int toAt, int count) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] = Half.fromF16(from[at + i]);
    }
  }

  @Override
  public void widenBf16(short[] from, int at, float[] to, int toAt, int count) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] = Half.fromBf16(from[at + i]);
    }
  }

  @Override
  public void narrowF16(float[] from, int at, short[] to, int toAt, int count) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] = Half.toF16(from[at + i]);
    }
  }

  @Override
  public void narrowBf16(float[] from, int at, short[] to, int toAt, int count) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] = Half.toBf16(from[at + i]);
    }
  }
}
