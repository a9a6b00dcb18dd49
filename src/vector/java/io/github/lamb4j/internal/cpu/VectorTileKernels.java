package io.github.lamb4j.internal.cpu;

import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;

import io.github.lamb4j.internal.numerics.Tiling;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over vectors, for virtual machines that have the module {@code jdk.incubator.vector}. Plain
 * loops take the elements before the first vector and after the last.
 *
 * <p>The loops are written out: a vector that is passed to a method which the compiler does not
 * inline is allocated on the heap. They are kept short, because the compiler stops inlining into
 * large ones: an operation is about 400 bytes of code, and past 8,000 bytes Java 17's compiler
 * postpones inlining, and must know the class of each vector later on. So all vectors of a loop
 * fill a register: loops that also used half-filled ones were 20 times slower in some runs.
 */
final class VectorTileKernels implements TileKernels {

  /** The narrowest vectors that are worth it. */
  private static final int LEAST_BITS = 256;

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());

  private static final int LANES = F.length();

  private static final VectorShuffle<Float> SWAP_HALVES =
      VectorShuffle.fromOp(F, lane -> (lane + LANES / 2) % LANES);
  private static final VectorMask<Float> UPPER_HALF = VectorMask.fromLong(F, -1L << LANES / 2);

  /**
   * The elements before the first vector. A large Java array begins 16 bytes after a page: 12
   * elements on, no vector lies in two cache lines.
   */
  private static final int HEAD = 12;

  private final VectorSums sums = new VectorSums();
  private final ScalarTileKernels plain = new ScalarTileKernels();

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

  /** Where vectors begin: an array of less than a tile may begin anywhere in a cache line. */
  private static int head(int count) {
    return count < Tiling.TILE_ELEMENTS ? 0 : HEAD;
  }

  /** The end of the last vector. */
  private static int end(int count) {
    int head = head(count);
    return head + F.loopBound(count - head);
  }

  @Override
  public double sumOfSquares(float[] x, int at, int count) {
    return sums.ofTile(x, at, count);
  }

  @Override
  public boolean sumsWeightsFirst() {
    return false;
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
    int head = head(count);
    int end = end(count);
    plain.moments(w, wAt, g, gAt, m, v, momentsAt, r, rAt, head, c);
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
    for (int i = head; i < end; i += LANES) {
      FloatVector gradient = FloatVector.fromArray(F, g, gAt + i);
      FloatVector oldM = FloatVector.fromArray(F, m, momentsAt + i);
      FloatVector oldV = FloatVector.fromArray(F, v, momentsAt + i);
      FloatVector nextM = beta1Hi.fma(oldM, beta1Lo.fma(oldM, gradient.mul(oneMinusBeta1)));
      FloatVector nextV =
          beta2Hi.fma(oldV, beta2Lo.fma(oldV, gradient.mul(oneMinusBeta2).mul(gradient)));
      nextM.intoArray(m, momentsAt + i);
      nextV.intoArray(v, momentsAt + i);
      FloatVector denominator = nextV.sqrt().fma(sqrtVCorrection, epsilon);
      FloatVector adaptive = nextM.mul(mCorrection).div(denominator);
      weightDecay.fma(FloatVector.fromArray(F, w, wAt + i), adaptive).intoArray(r, rAt + i);
    }
    plain.moments(w, wAt + end, g, gAt + end, m, v, momentsAt + end, r, rAt + end, count - end, c);
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
    DoubleVector factor = DoubleVector.broadcast(D, gradientScale);
    int head = head(count);
    int end = end(count);
    plain.scaledMoments(w, wAt, g, gAt, gradientScale, m, v, momentsAt, r, rAt, head, c);
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
    for (int i = head; i < end; i += LANES) {
      FloatVector raw = FloatVector.fromArray(F, g, gAt + i);
      DoubleVector lower = (DoubleVector) raw.convertShape(F2D, D, 0);
      DoubleVector upper = (DoubleVector) raw.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      FloatVector scaledUpper =
          ((FloatVector) upper.mul(factor).convertShape(D2F, F, 0)).rearrange(SWAP_HALVES);
      FloatVector gradient =
          ((FloatVector) lower.mul(factor).convertShape(D2F, F, 0)).blend(scaledUpper, UPPER_HALF);
      FloatVector oldM = FloatVector.fromArray(F, m, momentsAt + i);
      FloatVector oldV = FloatVector.fromArray(F, v, momentsAt + i);
      FloatVector nextM = beta1Hi.fma(oldM, beta1Lo.fma(oldM, gradient.mul(oneMinusBeta1)));
      FloatVector nextV =
          beta2Hi.fma(oldV, beta2Lo.fma(oldV, gradient.mul(oneMinusBeta2).mul(gradient)));
      nextM.intoArray(m, momentsAt + i);
      nextV.intoArray(v, momentsAt + i);
      FloatVector denominator = nextV.sqrt().fma(sqrtVCorrection, epsilon);
      FloatVector adaptive = nextM.mul(mCorrection).div(denominator);
      weightDecay.fma(FloatVector.fromArray(F, w, wAt + i), adaptive).intoArray(r, rAt + i);
    }
    plain.scaledMoments(
        w,
        wAt + end,
        g,
        gAt + end,
        gradientScale,
        m,
        v,
        momentsAt + end,
        r,
        rAt + end,
        count - end,
        c);
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
    int head = head(count);
    int end = end(count);
    plain.unadapted(w, wAt, g, gAt, m, v, momentsAt, head, c, stepSize);
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
    FloatVector negativeStep = FloatVector.broadcast(F, -stepSize);
    for (int i = head; i < end; i += LANES) {
      FloatVector gradient = FloatVector.fromArray(F, g, gAt + i);
      FloatVector oldM = FloatVector.fromArray(F, m, momentsAt + i);
      FloatVector oldV = FloatVector.fromArray(F, v, momentsAt + i);
      FloatVector nextM = beta1Hi.fma(oldM, beta1Lo.fma(oldM, gradient.mul(oneMinusBeta1)));
      FloatVector nextV =
          beta2Hi.fma(oldV, beta2Lo.fma(oldV, gradient.mul(oneMinusBeta2).mul(gradient)));
      nextM.intoArray(m, momentsAt + i);
      nextV.intoArray(v, momentsAt + i);
      FloatVector denominator = nextV.sqrt().fma(sqrtVCorrection, epsilon);
      FloatVector adaptive = nextM.mul(mCorrection).div(denominator);
      FloatVector weights = FloatVector.fromArray(F, w, wAt + i);
      negativeStep.fma(weightDecay.fma(weights, adaptive), weights).intoArray(w, wAt + i);
    }
    plain.unadapted(w, wAt + end, g, gAt + end, m, v, momentsAt + end, count - end, c, stepSize);
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
    int head = head(count);
    int end = end(count);
    plain.updates(w, wAt, m, v, momentsAt, r, rAt, head, c);
    FloatVector mCorrection = FloatVector.broadcast(F, c.mCorrection);
    FloatVector sqrtVCorrection = FloatVector.broadcast(F, c.sqrtVCorrection);
    FloatVector epsilon = FloatVector.broadcast(F, c.epsilon);
    FloatVector weightDecay = FloatVector.broadcast(F, c.weightDecay);
    for (int i = head; i < end; i += LANES) {
      FloatVector root = FloatVector.fromArray(F, v, momentsAt + i).sqrt();
      FloatVector mHat = FloatVector.fromArray(F, m, momentsAt + i).mul(mCorrection);
      FloatVector adaptive = mHat.div(root.fma(sqrtVCorrection, epsilon));
      weightDecay.fma(FloatVector.fromArray(F, w, wAt + i), adaptive).intoArray(r, rAt + i);
    }
    plain.updates(w, wAt + end, m, v, momentsAt + end, r, rAt + end, count - end, c);
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
    int head = head(count);
    int end = end(count);
    plain.apply(w, wAt, m, v, momentsAt, head, c, stepSize);
    FloatVector mCorrection = FloatVector.broadcast(F, c.mCorrection);
    FloatVector sqrtVCorrection = FloatVector.broadcast(F, c.sqrtVCorrection);
    FloatVector epsilon = FloatVector.broadcast(F, c.epsilon);
    FloatVector weightDecay = FloatVector.broadcast(F, c.weightDecay);
    FloatVector negativeStep = FloatVector.broadcast(F, -stepSize);
    for (int i = head; i < end; i += LANES) {
      FloatVector root = FloatVector.fromArray(F, v, momentsAt + i).sqrt();
      FloatVector mHat = FloatVector.fromArray(F, m, momentsAt + i).mul(mCorrection);
      FloatVector adaptive = mHat.div(root.fma(sqrtVCorrection, epsilon));
      FloatVector weights = FloatVector.fromArray(F, w, wAt + i);
      negativeStep.fma(weightDecay.fma(weights, adaptive), weights).intoArray(w, wAt + i);
    }
    plain.apply(w, wAt + end, m, v, momentsAt + end, count - end, c, stepSize);
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
    int head = head(count);
    int end = end(count);
    plain.gradientUpdates(w, wAt, g, gAt, v, vAt, r, rAt, head, c);
    FloatVector sqrtVCorrection = FloatVector.broadcast(F, c.sqrtVCorrection);
    FloatVector epsilon = FloatVector.broadcast(F, c.epsilon);
    FloatVector weightDecay = FloatVector.broadcast(F, c.weightDecay);
    for (int i = head; i < end; i += LANES) {
      FloatVector root = FloatVector.fromArray(F, v, vAt + i).sqrt();
      FloatVector gradient = FloatVector.fromArray(F, g, gAt + i);
      FloatVector adaptive = gradient.div(root.fma(sqrtVCorrection, epsilon));
      weightDecay.fma(FloatVector.fromArray(F, w, wAt + i), adaptive).intoArray(r, rAt + i);
    }
    plain.gradientUpdates(w, wAt + end, g, gAt + end, v, vAt + end, r, rAt + end, count - end, c);
  }

  @Override
  public void subtract(float[] w, int wAt, float[] r, int rAt, int count, float stepSize) {
    int head = head(count);
    int end = end(count);
    plain.subtract(w, wAt, r, rAt, head, stepSize);
    FloatVector negativeStep = FloatVector.broadcast(F, -stepSize);
    for (int i = head; i < end; i += LANES) {
      FloatVector weights = FloatVector.fromArray(F, w, wAt + i);
      negativeStep.fma(FloatVector.fromArray(F, r, rAt + i), weights).intoArray(w, wAt + i);
    }
    plain.subtract(w, wAt + end, r, rAt + end, count - end, stepSize);
  }

  @Override
  public void decay(float[] w, int at, float[] to, int toAt, int count, float decoupledDecay) {
    int head = head(count);
    int end = end(count);
    plain.decay(w, at, to, toAt, head, decoupledDecay);
    FloatVector negative = FloatVector.broadcast(F, -decoupledDecay);
    for (int i = head; i < end; i += LANES) {
      FloatVector weights = FloatVector.fromArray(F, w, at + i);
      negative.fma(weights, weights).intoArray(to, toAt + i);
    }
    plain.decay(w, at + end, to, toAt + end, count - end, decoupledDecay);
  }

  @Override
  public void scale(float[] g, int gAt, float[] to, int toAt, int count, double scale) {
    DoubleVector factor = DoubleVector.broadcast(D, scale);
    int end = F.loopBound(count);
    for (int i = 0; i < end; i += LANES) {
      FloatVector raw = FloatVector.fromArray(F, g, gAt + i);
      DoubleVector lower = (DoubleVector) raw.convertShape(F2D, D, 0);
      DoubleVector upper = (DoubleVector) raw.rearrange(SWAP_HALVES).convertShape(F2D, D, 0);
      FloatVector scaledUpper =
          ((FloatVector) upper.mul(factor).convertShape(D2F, F, 0)).rearrange(SWAP_HALVES);
      FloatVector gradient =
          ((FloatVector) lower.mul(factor).convertShape(D2F, F, 0)).blend(scaledUpper, UPPER_HALF);
      gradient.intoArray(to, toAt + i);
    }
    plain.scale(g, gAt + end, to, toAt + end, count - end, scale);
  }

  @Override
  public void add(float[] target, int at, float[] source, int sourceAt, int count) {
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      FloatVector sum = FloatVector.fromArray(F, target, at + i);
      sum.add(FloatVector.fromArray(F, source, sourceAt + i)).intoArray(target, at + i);
    }
    plain.add(target, at + whole, source, sourceAt + whole, count - whole);
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
