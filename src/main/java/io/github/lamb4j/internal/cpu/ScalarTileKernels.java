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

  private final float[] tileW = new float[Tiling.TILE_ELEMENTS];
  private final float[] tileG = new float[Tiling.TILE_ELEMENTS];
  private final float[] tileM = new float[Tiling.TILE_ELEMENTS];
  private final float[] tileV = new float[Tiling.TILE_ELEMENTS];
  private final float[] tileR = new float[Tiling.TILE_ELEMENTS];
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
      Coefficients c,
      double[] sums) {
    System.arraycopy(w, wAt, tileW, 0, count);
    System.arraycopy(g, gAt, tileG, 0, count);
    System.arraycopy(m, momentsAt, tileM, 0, count);
    System.arraycopy(v, momentsAt, tileV, 0, count);
    updateMoments(count, c);
    System.arraycopy(tileM, 0, m, momentsAt, count);
    System.arraycopy(tileV, 0, v, momentsAt, count);
    System.arraycopy(tileR, 0, r, rAt, count);
    sums[0] = Sums.ofSquares(tileW, 0, count, quads);
    sums[1] = Sums.ofSquares(tileR, 0, count, quads);
  }

  private void updateMoments(int count, Coefficients c) {
    float[] w = tileW;
    float[] g = tileG;
    float[] m = tileM;
    float[] v = tileV;
    float[] r = tileR;
    for (int i = 0; i < count; i++) {
      m[i] = Elements.nextM(m[i], g[i], c.beta1Hi, c.beta1Lo, c.oneMinusBeta1);
    }
    for (int i = 0; i < count; i++) {
      v[i] = Elements.nextV(v[i], g[i], c.beta2Hi, c.beta2Lo, c.oneMinusBeta2);
    }
    for (int i = 0; i < count; i++) {
      r[i] =
          Elements.update(
              w[i], m[i], v[i], c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
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
    System.arraycopy(w, wAt, tileW, 0, count);
    System.arraycopy(m, momentsAt, tileM, 0, count);
    System.arraycopy(v, momentsAt, tileV, 0, count);
    for (int i = 0; i < count; i++) {
      tileR[i] =
          Elements.update(
              tileW[i],
              tileM[i],
              tileV[i],
              c.mCorrection,
              c.sqrtVCorrection,
              c.epsilon,
              c.weightDecay);
    }
    System.arraycopy(tileR, 0, r, rAt, count);
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
    System.arraycopy(w, wAt, tileW, 0, count);
    System.arraycopy(g, gAt, tileG, 0, count);
    System.arraycopy(v, vAt, tileV, 0, count);
    for (int i = 0; i < count; i++) {
      tileR[i] =
          Elements.updateTerm(
              tileG[i], tileW[i], tileV[i], c.sqrtVCorrection, c.epsilon, c.weightDecay);
    }
    System.arraycopy(tileR, 0, r, rAt, count);
  }

  @Override
  public void subtract(float[] w, int wAt, float[] r, int rAt, int count, float stepSize) {
    System.arraycopy(w, wAt, tileW, 0, count);
    System.arraycopy(r, rAt, tileR, 0, count);
    for (int i = 0; i < count; i++) {
      tileW[i] = Elements.nextWeight(tileW[i], tileR[i], stepSize);
    }
    System.arraycopy(tileW, 0, w, wAt, count);
  }

  @Override
  public void decay(float[] w, int at, float[] to, int toAt, int count, float decoupledDecay) {
    System.arraycopy(w, at, tileW, 0, count);
    for (int i = 0; i < count; i++) {
      tileW[i] = Elements.decayed(tileW[i], decoupledDecay);
    }
    System.arraycopy(tileW, 0, to, toAt, count);
  }

  @Override
  public void scale(float[] gradients, int at, float[] to, int toAt, int count, double scale) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] = Elements.scaledGradient(gradients[at + i], scale);
    }
  }

  @Override
  public void add(float[] target, int at, float[] source, int sourceAt, int count) {
    System.arraycopy(target, at, tileW, 0, count);
    System.arraycopy(source, sourceAt, tileG, 0, count);
    for (int i = 0; i < count; i++) {
      tileW[i] += tileG[i];
    }
    System.arraycopy(tileW, 0, target, at, count);
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
