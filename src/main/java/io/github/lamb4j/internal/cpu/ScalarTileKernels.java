package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Elements;
import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.internal.numerics.Sums;
import io.github.lamb4j.internal.numerics.Tiling;

/**
 * Plain loops, which run on every Java virtual machine.
 *
 * <p>Java 17's compiler vectorizes a loop only if it uses one index for all arrays. Tiles start at
 * different indices, so most loops here run over copies of the tile: those stay in the first-level
 * cache.
 */
final class ScalarTileKernels implements TileKernels {

  private static final int TILE = Tiling.TILE_ELEMENTS;

  private final float[] tileW = new float[TILE];
  private final float[] tileG = new float[TILE];
  private final float[] tileM = new float[TILE];
  private final float[] tileV = new float[TILE];
  private final float[] tileR = new float[TILE];
  private final double[] quads = new double[Sums.QUADS];

  @Override
  public double sumOfSquares(float[] x, int at, int count) {
    return Sums.ofSquares(x, at, count, quads);
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
    for (int i = 0; i < count; i += TILE) {
      int length = Math.min(TILE, count - i);
      System.arraycopy(g, gAt + i, tileG, 0, length);
      updateMoments(w, wAt + i, m, v, momentsAt + i, length, c);
      System.arraycopy(tileR, 0, r, rAt + i, length);
    }
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
    for (int i = 0; i < count; i += TILE) {
      int length = Math.min(TILE, count - i);
      scale(g, gAt + i, tileG, 0, length, gradientScale);
      updateMoments(w, wAt + i, m, v, momentsAt + i, length, c);
      System.arraycopy(tileR, 0, r, rAt + i, length);
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
    for (int i = 0; i < count; i += TILE) {
      int length = Math.min(TILE, count - i);
      System.arraycopy(g, gAt + i, tileG, 0, length);
      updateMoments(w, wAt + i, m, v, momentsAt + i, length, c);
      subtract(length, stepSize);
      System.arraycopy(tileW, 0, w, wAt + i, length);
    }
  }

  /** The moments of a tile whose gradients are copied; leaves its weights and updates in copies. */
  private void updateMoments(
      float[] w, int wAt, float[] m, float[] v, int momentsAt, int count, Coefficients c) {
    System.arraycopy(w, wAt, tileW, 0, count);
    System.arraycopy(m, momentsAt, tileM, 0, count);
    System.arraycopy(v, momentsAt, tileV, 0, count);
    updateMoments(count, c);
    System.arraycopy(tileM, 0, m, momentsAt, count);
    System.arraycopy(tileV, 0, v, momentsAt, count);
  }

  private void updateMoments(int count, Coefficients c) {
    float[] g = tileG;
    float[] m = tileM;
    float[] v = tileV;
    for (int i = 0; i < count; i++) {
      m[i] = Elements.nextM(m[i], g[i], c.beta1Hi, c.beta1Lo, c.oneMinusBeta1);
    }
    for (int i = 0; i < count; i++) {
      v[i] = Elements.nextV(v[i], g[i], c.beta2Hi, c.beta2Lo, c.oneMinusBeta2);
    }
    formUpdates(count, c);
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
    for (int i = 0; i < count; i += TILE) {
      int length = Math.min(TILE, count - i);
      formUpdates(w, wAt + i, m, v, momentsAt + i, length, c);
      System.arraycopy(tileR, 0, r, rAt + i, length);
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
    for (int i = 0; i < count; i += TILE) {
      int length = Math.min(TILE, count - i);
      formUpdates(w, wAt + i, m, v, momentsAt + i, length, c);
      subtract(length, stepSize);
      System.arraycopy(tileW, 0, w, wAt + i, length);
    }
  }

  /** The updates of a tile; leaves its weights and updates in the copies. */
  private void formUpdates(
      float[] w, int wAt, float[] m, float[] v, int momentsAt, int count, Coefficients c) {
    System.arraycopy(w, wAt, tileW, 0, count);
    System.arraycopy(m, momentsAt, tileM, 0, count);
    System.arraycopy(v, momentsAt, tileV, 0, count);
    formUpdates(count, c);
  }

  private void formUpdates(int count, Coefficients c) {
    float[] w = tileW;
    float[] m = tileM;
    float[] v = tileV;
    float[] r = tileR;
    for (int i = 0; i < count; i++) {
      r[i] =
          Elements.update(
              w[i], m[i], v[i], c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
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
    for (int i = 0; i < count; i += TILE) {
      int length = Math.min(TILE, count - i);
      System.arraycopy(w, wAt + i, tileW, 0, length);
      System.arraycopy(g, gAt + i, tileG, 0, length);
      System.arraycopy(v, vAt + i, tileV, 0, length);
      formGradientUpdates(length, c);
      System.arraycopy(tileR, 0, r, rAt + i, length);
    }
  }

  private void formGradientUpdates(int count, Coefficients c) {
    float[] w = tileW;
    float[] g = tileG;
    float[] v = tileV;
    float[] r = tileR;
    for (int i = 0; i < count; i++) {
      r[i] = Elements.updateTerm(g[i], w[i], v[i], c.sqrtVCorrection, c.epsilon, c.weightDecay);
    }
  }

  @Override
  public void subtract(float[] w, int wAt, float[] r, int rAt, int count, float stepSize) {
    for (int i = 0; i < count; i += TILE) {
      int length = Math.min(TILE, count - i);
      System.arraycopy(w, wAt + i, tileW, 0, length);
      System.arraycopy(r, rAt + i, tileR, 0, length);
      subtract(length, stepSize);
      System.arraycopy(tileW, 0, w, wAt + i, length);
    }
  }

  private void subtract(int count, float stepSize) {
    float[] w = tileW;
    float[] r = tileR;
    for (int i = 0; i < count; i++) {
      w[i] = Elements.nextWeight(w[i], r[i], stepSize);
    }
  }

  @Override
  public void decay(float[] w, int at, float[] to, int toAt, int count, float decoupledDecay) {
    for (int i = 0; i < count; i += TILE) {
      int length = Math.min(TILE, count - i);
      System.arraycopy(w, at + i, tileW, 0, length);
      decay(length, decoupledDecay);
      System.arraycopy(tileW, 0, to, toAt + i, length);
    }
  }

  private void decay(int count, float decoupledDecay) {
    float[] w = tileW;
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
    for (int i = 0; i < count; i += TILE) {
      int length = Math.min(TILE, count - i);
      System.arraycopy(target, at + i, tileW, 0, length);
      System.arraycopy(source, sourceAt + i, tileG, 0, length);
      add(length);
      System.arraycopy(tileW, 0, target, at + i, length);
    }
  }

  private void add(int count) {
    float[] sum = tileW;
    float[] g = tileG;
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
