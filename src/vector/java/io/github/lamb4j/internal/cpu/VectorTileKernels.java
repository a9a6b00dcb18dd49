package io.github.lamb4j.internal.cpu;

import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;

import io.github.lamb4j.internal.numerics.Elements;
import io.github.lamb4j.internal.numerics.Sums;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over vectors, for virtual machines that have the module {@code jdk.incubator.vector}. The
 * elements after the last whole vector are computed one by one.
 *
 * <p>The large loops are written out in full: the compiler stops inlining methods into a loop of
 * this size, except the vector API's own, and a vector that is passed to a method which is not
 * inlined is allocated on the heap.
 *
 * <p>The sum of a quad's squares adds neighboring elements in order. So four vectors of whole quads
 * are transposed into one with the first elements of all these quads, one with the second, and so
 * on: vector k is rotated by k within each quad, vectors are blended, and the results are rotated
 * back. The sums of a block of four vectors are then in the order of {@link #place}. This matters
 * only after the blocks have been added to each other.
 */
final class VectorTileKernels implements TileKernels {

  /** The narrowest vectors that are worth it. */
  private static final int LEAST_BITS = 256;

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());
  private static final VectorShape HALF_SHAPE = VectorShape.forBitSize(F.vectorBitSize() / 2);

  /** As many floats as {@link #D} has doubles. */
  private static final VectorSpecies<Float> F_HALF = VectorSpecies.of(float.class, HALF_SHAPE);

  private static final int LANES = F.length();
  private static final int DOUBLE_LANES = D.length();

  /** Elements in a block of four vectors, which has as many quads as a vector has elements. */
  private static final int BLOCK = 4 * LANES;

  private static final VectorShuffle<Float> ROTATE_1 = rotation(1);
  private static final VectorShuffle<Float> ROTATE_2 = rotation(2);
  private static final VectorShuffle<Float> ROTATE_3 = rotation(3);
  private static final VectorShuffle<Float> SWAP_HALVES =
      VectorShuffle.fromOp(F, lane -> lane ^ LANES / 2);

  /** Lanes 1 and 3 of each quad. */
  private static final VectorMask<Float> ODD = lanesWith(1);

  /** Lanes 2 and 3 of each quad. */
  private static final VectorMask<Float> UPPER = lanesWith(2);

  private final double[] wQuads = new double[Sums.QUADS];
  private final double[] rQuads = new double[Sums.QUADS];

  /**
   * Kernels for one thread.
   *
   * @throws UnsupportedOperationException if the processor's vectors are too narrow
   */
  VectorTileKernels() {
    if (F.vectorBitSize() < LEAST_BITS) {
      throw new UnsupportedOperationException(
          "vectors of this processor have %d bits, and vector loops need %d"
              .formatted(F.vectorBitSize(), LEAST_BITS));
    }
  }

  /** Moves each element of a quad up by {@code places}, the last ones to the front. */
  private static VectorShuffle<Float> rotation(int places) {
    return VectorShuffle.fromOp(F, lane -> lane & ~3 | lane - places & 3);
  }

  private static VectorMask<Float> lanesWith(int bit) {
    boolean[] lanes = new boolean[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      lanes[lane] = (lane & bit) != 0;
    }
    return VectorMask.fromArray(F, lanes, 0);
  }

  @Override
  public double sumOfSquares(float[] x, int at, int count) {
    int whole = count - count % BLOCK;
    for (int i = 0; i < whole; i += BLOCK) {
      FloatVector x0 = FloatVector.fromArray(F, x, at + i);
      FloatVector x1 = FloatVector.fromArray(F, x, at + i + LANES);
      FloatVector x2 = FloatVector.fromArray(F, x, at + i + 2 * LANES);
      FloatVector x3 = FloatVector.fromArray(F, x, at + i + 3 * LANES);
      x1 = x1.rearrange(ROTATE_1);
      x2 = x2.rearrange(ROTATE_2);
      x3 = x3.rearrange(ROTATE_3);
      FloatVector x01 = x0.blend(x1, ODD);
      FloatVector x12 = x1.blend(x2, ODD);
      FloatVector x23 = x2.blend(x3, ODD);
      FloatVector x30 = x3.blend(x0, ODD);
      x0 = x01.blend(x23, UPPER);
      x1 = x30.blend(x12, UPPER).rearrange(ROTATE_3);
      x2 = x23.blend(x01, UPPER).rearrange(ROTATE_2);
      x3 = x12.blend(x30, UPPER).rearrange(ROTATE_1);
      DoubleVector x0Low = (DoubleVector) x0.convertShape(F2D, D, 0);
      DoubleVector x1Low = (DoubleVector) x1.convertShape(F2D, D, 0);
      DoubleVector x2Low = (DoubleVector) x2.convertShape(F2D, D, 0);
      DoubleVector x3Low = (DoubleVector) x3.convertShape(F2D, D, 0);
      x3Low
          .fma(x3Low, x2Low.fma(x2Low, x1Low.fma(x1Low, x0Low.mul(x0Low))))
          .intoArray(wQuads, i / 4);
      DoubleVector x0High = (DoubleVector) x0.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      DoubleVector x1High = (DoubleVector) x1.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      DoubleVector x2High = (DoubleVector) x2.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      DoubleVector x3High = (DoubleVector) x3.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      x3High
          .fma(x3High, x2High.fma(x2High, x1High.fma(x1High, x0High.mul(x0High))))
          .intoArray(wQuads, i / 4 + DOUBLE_LANES);
    }
    return sumOfQuads(wQuads, x, at, whole, count);
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
    int whole = count - count % BLOCK;
    momentsOfBlocks(w, wAt, g, gAt, m, v, momentsAt, r, rAt, whole, c);
    for (int i = whole; i < count; i++) {
      float nextM =
          Elements.nextM(m[momentsAt + i], g[gAt + i], c.beta1Hi, c.beta1Lo, c.oneMinusBeta1);
      float nextV =
          Elements.nextV(v[momentsAt + i], g[gAt + i], c.beta2Hi, c.beta2Lo, c.oneMinusBeta2);
      m[momentsAt + i] = nextM;
      v[momentsAt + i] = nextV;
      r[rAt + i] =
          Elements.update(
              w[wAt + i], nextM, nextV, c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
    }
    sums[0] = sumOfQuads(wQuads, w, wAt, whole, count);
    sums[1] = sumOfQuads(rQuads, r, rAt, whole, count);
  }

  /** The moments and updates of whole blocks, and the sums of squares of their quads. */
  private void momentsOfBlocks(
      float[] w,
      int wAt,
      float[] g,
      int gAt,
      float[] m,
      float[] v,
      int momentsAt,
      float[] r,
      int rAt,
      int whole,
      Coefficients c) {
    FloatVector beta1Hi = FloatVector.broadcast(F, c.beta1Hi);
    FloatVector beta1Lo = FloatVector.broadcast(F, c.beta1Lo);
    FloatVector oneMinusBeta1 = FloatVector.broadcast(F, c.oneMinusBeta1);
    FloatVector beta2Hi = FloatVector.broadcast(F, c.beta2Hi);
    FloatVector beta2Lo = FloatVector.broadcast(F, c.beta2Lo);
    FloatVector oneMinusBeta2 = FloatVector.broadcast(F, c.oneMinusBeta2);
    FloatVector mCorrection = FloatVector.broadcast(F, c.mCorrection);
    FloatVector sqrtVCorrection = FloatVector.broadcast(F, c.sqrtVCorrection);
    FloatVector epsilon = FloatVector.broadcast(F, c.epsilon);
    FloatVector weightDecay = FloatVector.broadcast(F, c.weightDecay);
    for (int i = 0; i < whole; i += BLOCK) {
      FloatVector w0 = FloatVector.fromArray(F, w, wAt + i);
      FloatVector g0 = FloatVector.fromArray(F, g, gAt + i);
      FloatVector m0 = FloatVector.fromArray(F, m, momentsAt + i);
      FloatVector v0 = FloatVector.fromArray(F, v, momentsAt + i);
      m0 = beta1Hi.fma(m0, beta1Lo.fma(m0, g0.mul(oneMinusBeta1)));
      v0 = beta2Hi.fma(v0, beta2Lo.fma(v0, g0.mul(oneMinusBeta2).mul(g0)));
      m0.intoArray(m, momentsAt + i);
      v0.intoArray(v, momentsAt + i);
      FloatVector r0 = v0.sqrt().fma(sqrtVCorrection, epsilon);
      r0 = weightDecay.fma(w0, m0.mul(mCorrection).div(r0));
      r0.intoArray(r, rAt + i);

      FloatVector w1 = FloatVector.fromArray(F, w, wAt + i + LANES);
      FloatVector g1 = FloatVector.fromArray(F, g, gAt + i + LANES);
      FloatVector m1 = FloatVector.fromArray(F, m, momentsAt + i + LANES);
      FloatVector v1 = FloatVector.fromArray(F, v, momentsAt + i + LANES);
      m1 = beta1Hi.fma(m1, beta1Lo.fma(m1, g1.mul(oneMinusBeta1)));
      v1 = beta2Hi.fma(v1, beta2Lo.fma(v1, g1.mul(oneMinusBeta2).mul(g1)));
      m1.intoArray(m, momentsAt + i + LANES);
      v1.intoArray(v, momentsAt + i + LANES);
      FloatVector r1 = v1.sqrt().fma(sqrtVCorrection, epsilon);
      r1 = weightDecay.fma(w1, m1.mul(mCorrection).div(r1));
      r1.intoArray(r, rAt + i + LANES);

      FloatVector w2 = FloatVector.fromArray(F, w, wAt + i + 2 * LANES);
      FloatVector g2 = FloatVector.fromArray(F, g, gAt + i + 2 * LANES);
      FloatVector m2 = FloatVector.fromArray(F, m, momentsAt + i + 2 * LANES);
      FloatVector v2 = FloatVector.fromArray(F, v, momentsAt + i + 2 * LANES);
      m2 = beta1Hi.fma(m2, beta1Lo.fma(m2, g2.mul(oneMinusBeta1)));
      v2 = beta2Hi.fma(v2, beta2Lo.fma(v2, g2.mul(oneMinusBeta2).mul(g2)));
      m2.intoArray(m, momentsAt + i + 2 * LANES);
      v2.intoArray(v, momentsAt + i + 2 * LANES);
      FloatVector r2 = v2.sqrt().fma(sqrtVCorrection, epsilon);
      r2 = weightDecay.fma(w2, m2.mul(mCorrection).div(r2));
      r2.intoArray(r, rAt + i + 2 * LANES);

      FloatVector w3 = FloatVector.fromArray(F, w, wAt + i + 3 * LANES);
      FloatVector g3 = FloatVector.fromArray(F, g, gAt + i + 3 * LANES);
      FloatVector m3 = FloatVector.fromArray(F, m, momentsAt + i + 3 * LANES);
      FloatVector v3 = FloatVector.fromArray(F, v, momentsAt + i + 3 * LANES);
      m3 = beta1Hi.fma(m3, beta1Lo.fma(m3, g3.mul(oneMinusBeta1)));
      v3 = beta2Hi.fma(v3, beta2Lo.fma(v3, g3.mul(oneMinusBeta2).mul(g3)));
      m3.intoArray(m, momentsAt + i + 3 * LANES);
      v3.intoArray(v, momentsAt + i + 3 * LANES);
      FloatVector r3 = v3.sqrt().fma(sqrtVCorrection, epsilon);
      r3 = weightDecay.fma(w3, m3.mul(mCorrection).div(r3));
      r3.intoArray(r, rAt + i + 3 * LANES);

      w1 = w1.rearrange(ROTATE_1);
      w2 = w2.rearrange(ROTATE_2);
      w3 = w3.rearrange(ROTATE_3);
      FloatVector w01 = w0.blend(w1, ODD);
      FloatVector w12 = w1.blend(w2, ODD);
      FloatVector w23 = w2.blend(w3, ODD);
      FloatVector w30 = w3.blend(w0, ODD);
      w0 = w01.blend(w23, UPPER);
      w1 = w30.blend(w12, UPPER).rearrange(ROTATE_3);
      w2 = w23.blend(w01, UPPER).rearrange(ROTATE_2);
      w3 = w12.blend(w30, UPPER).rearrange(ROTATE_1);
      DoubleVector w0Low = (DoubleVector) w0.convertShape(F2D, D, 0);
      DoubleVector w1Low = (DoubleVector) w1.convertShape(F2D, D, 0);
      DoubleVector w2Low = (DoubleVector) w2.convertShape(F2D, D, 0);
      DoubleVector w3Low = (DoubleVector) w3.convertShape(F2D, D, 0);
      w3Low
          .fma(w3Low, w2Low.fma(w2Low, w1Low.fma(w1Low, w0Low.mul(w0Low))))
          .intoArray(wQuads, i / 4);
      DoubleVector w0High = (DoubleVector) w0.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      DoubleVector w1High = (DoubleVector) w1.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      DoubleVector w2High = (DoubleVector) w2.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      DoubleVector w3High = (DoubleVector) w3.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      w3High
          .fma(w3High, w2High.fma(w2High, w1High.fma(w1High, w0High.mul(w0High))))
          .intoArray(wQuads, i / 4 + DOUBLE_LANES);

      r1 = r1.rearrange(ROTATE_1);
      r2 = r2.rearrange(ROTATE_2);
      r3 = r3.rearrange(ROTATE_3);
      FloatVector r01 = r0.blend(r1, ODD);
      FloatVector r12 = r1.blend(r2, ODD);
      FloatVector r23 = r2.blend(r3, ODD);
      FloatVector r30 = r3.blend(r0, ODD);
      r0 = r01.blend(r23, UPPER);
      r1 = r30.blend(r12, UPPER).rearrange(ROTATE_3);
      r2 = r23.blend(r01, UPPER).rearrange(ROTATE_2);
      r3 = r12.blend(r30, UPPER).rearrange(ROTATE_1);
      DoubleVector r0Low = (DoubleVector) r0.convertShape(F2D, D, 0);
      DoubleVector r1Low = (DoubleVector) r1.convertShape(F2D, D, 0);
      DoubleVector r2Low = (DoubleVector) r2.convertShape(F2D, D, 0);
      DoubleVector r3Low = (DoubleVector) r3.convertShape(F2D, D, 0);
      r3Low
          .fma(r3Low, r2Low.fma(r2Low, r1Low.fma(r1Low, r0Low.mul(r0Low))))
          .intoArray(rQuads, i / 4);
      DoubleVector r0High = (DoubleVector) r0.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      DoubleVector r1High = (DoubleVector) r1.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      DoubleVector r2High = (DoubleVector) r2.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      DoubleVector r3High = (DoubleVector) r3.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      r3High
          .fma(r3High, r2High.fma(r2High, r1High.fma(r1High, r0High.mul(r0High))))
          .intoArray(rQuads, i / 4 + DOUBLE_LANES);
    }
  }

  /**
   * The sum of a tile's squares.
   *
   * @param quads the sums of the quads of whole blocks
   * @param whole the number of elements in these blocks
   */
  private static double sumOfQuads(double[] quads, float[] x, int at, int whole, int count) {
    int used = whole / 4;
    if (whole < count) {
      Arrays.fill(quads, used, used + LANES, 0);
      for (int i = whole; i < count; i++) {
        double wide = x[at + i];
        quads[used + place((i - whole) / 4)] += wide * wide;
      }
      used += LANES;
    }
    int left = used;
    for (int stride = Sums.QUADS / 2; stride >= LANES; stride /= 2) {
      for (int i = 0; i < left - stride; i += DOUBLE_LANES) {
        DoubleVector sum = DoubleVector.fromArray(D, quads, i);
        sum.add(DoubleVector.fromArray(D, quads, i + stride)).intoArray(quads, i);
      }
      left = Math.min(left, stride);
    }
    return left == 0 ? 0 : sumOfBlock(quads);
  }

  /** The index, among the sums of a block, of its quad at an index. */
  private static int place(int quad) {
    int quadsPerVector = LANES / 4;
    return 4 * (quad % quadsPerVector) + quad / quadsPerVector;
  }

  /** Adds the last sums, one block of them, by halving strides. */
  private static double sumOfBlock(double[] quads) {
    for (int stride = LANES / 2; stride > 0; stride /= 2) {
      for (int quad = 0; quad < stride; quad++) {
        quads[place(quad)] += quads[place(quad + stride)];
      }
    }
    return quads[0];
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
    FloatVector mCorrection = FloatVector.broadcast(F, c.mCorrection);
    FloatVector sqrtVCorrection = FloatVector.broadcast(F, c.sqrtVCorrection);
    FloatVector epsilon = FloatVector.broadcast(F, c.epsilon);
    FloatVector weightDecay = FloatVector.broadcast(F, c.weightDecay);
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      FloatVector root = FloatVector.fromArray(F, v, momentsAt + i).sqrt();
      FloatVector mHat = FloatVector.fromArray(F, m, momentsAt + i).mul(mCorrection);
      FloatVector adaptive = mHat.div(root.fma(sqrtVCorrection, epsilon));
      weightDecay.fma(FloatVector.fromArray(F, w, wAt + i), adaptive).intoArray(r, rAt + i);
    }
    for (int i = whole; i < count; i++) {
      r[rAt + i] =
          Elements.update(
              w[wAt + i],
              m[momentsAt + i],
              v[momentsAt + i],
              c.mCorrection,
              c.sqrtVCorrection,
              c.epsilon,
              c.weightDecay);
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
    FloatVector sqrtVCorrection = FloatVector.broadcast(F, c.sqrtVCorrection);
    FloatVector epsilon = FloatVector.broadcast(F, c.epsilon);
    FloatVector weightDecay = FloatVector.broadcast(F, c.weightDecay);
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      FloatVector root = FloatVector.fromArray(F, v, vAt + i).sqrt();
      FloatVector gradient = FloatVector.fromArray(F, g, gAt + i);
      FloatVector adaptive = gradient.div(root.fma(sqrtVCorrection, epsilon));
      weightDecay.fma(FloatVector.fromArray(F, w, wAt + i), adaptive).intoArray(r, rAt + i);
    }
    for (int i = whole; i < count; i++) {
      r[rAt + i] =
          Elements.updateTerm(
              g[gAt + i], w[wAt + i], v[vAt + i], c.sqrtVCorrection, c.epsilon, c.weightDecay);
    }
  }

  @Override
  public void subtract(float[] w, int wAt, float[] r, int rAt, int count, float stepSize) {
    FloatVector negative = FloatVector.broadcast(F, -stepSize);
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      FloatVector weights = FloatVector.fromArray(F, w, wAt + i);
      negative.fma(FloatVector.fromArray(F, r, rAt + i), weights).intoArray(w, wAt + i);
    }
    for (int i = whole; i < count; i++) {
      w[wAt + i] = Elements.nextWeight(w[wAt + i], r[rAt + i], stepSize);
    }
  }

  @Override
  public void decay(float[] w, int at, float[] to, int toAt, int count, float decoupledDecay) {
    FloatVector negative = FloatVector.broadcast(F, -decoupledDecay);
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      FloatVector weights = FloatVector.fromArray(F, w, at + i);
      negative.fma(weights, weights).intoArray(to, toAt + i);
    }
    for (int i = whole; i < count; i++) {
      to[toAt + i] = Elements.decayed(w[at + i], decoupledDecay);
    }
  }

  @Override
  public void scale(float[] gradients, int at, float[] to, int toAt, int count, double scale) {
    DoubleVector factor = DoubleVector.broadcast(D, scale);
    int whole = F_HALF.loopBound(count);
    for (int i = 0; i < whole; i += DOUBLE_LANES) {
      DoubleVector wide =
          (DoubleVector) FloatVector.fromArray(F_HALF, gradients, at + i).convertShape(F2D, D, 0);
      FloatVector scaled = (FloatVector) wide.mul(factor).convertShape(D2F, F_HALF, 0);
      scaled.intoArray(to, toAt + i);
    }
    for (int i = whole; i < count; i++) {
      to[toAt + i] = Elements.scaledGradient(gradients[at + i], scale);
    }
  }

  @Override
  public void add(float[] target, int at, float[] source, int sourceAt, int count) {
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      FloatVector sum = FloatVector.fromArray(F, target, at + i);
      sum.add(FloatVector.fromArray(F, source, sourceAt + i)).intoArray(target, at + i);
    }
    for (int i = whole; i < count; i++) {
      target[at + i] += source[sourceAt + i];
    }
  }

  @Override
  public void widenF16(short[] from, int at, float[] to, int toAt, int count) {
    VectorHalf.widenF16(from, at, to, toAt, count);
  }

  @Override
  public void widenBf16(short[] from, int at, float[] to, int toAt, int count) {
    VectorHalf.widenBf16(from, at, to, toAt, count);
  }

  @Override
  public void narrowF16(float[] from, int at, short[] to, int toAt, int count) {
    VectorHalf.narrowF16(from, at, to, toAt, count);
  }

  @Override
  public void narrowBf16(float[] from, int at, short[] to, int toAt, int count) {
    VectorHalf.narrowBf16(from, at, to, toAt, count);
  }
}
