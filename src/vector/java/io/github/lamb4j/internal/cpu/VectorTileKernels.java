package io.github.lamb4j.internal.cpu;

import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;

import io.github.lamb4j.internal.numerics.Elements;
import io.github.lamb4j.internal.numerics.Sums;
import io.github.lamb4j.internal.numerics.Tiling;
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
 * <p>The loops are written out: a vector that is passed to a method which the compiler does not
 * inline is allocated on the heap. They are kept short, because the compiler stops inlining into
 * large ones.
 *
 * <p>The sum of a quad's squares adds neighboring elements in order. So two vectors of whole quads
 * become four vectors of half the length: of the first elements of all these quads, of the second,
 * and so on. Each of the two is rearranged into four quarters by place in the quad, the second with
 * neighboring quarters swapped, and blends exchange every other quarter:
 *
 * <pre>
 * first   a b c d      ac  a A c C
 * second  B A D C      bd  B b D d
 * </pre>
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

  /** Elements in a block of two vectors, which has as many quads as two vectors have doubles. */
  private static final int BLOCK = 2 * LANES;

  /** Sums of a tile: quad q goes to sum q modulo this, the first of the halving strides. */
  private static final int SUMS = Sums.QUADS / 2;

  private static final int HALF_TILE = Tiling.TILE_ELEMENTS / 2;

  private static final VectorShuffle<Float> SPLIT = quarters(0, 1, 2, 3, true);
  private static final VectorShuffle<Float> SPLIT_SWAPPED = quarters(1, 0, 3, 2, true);
  private static final VectorShuffle<Float> HIGH = quarters(2, 3, 0, 1, false);
  private static final VectorShuffle<Float> UNSWAPPED_LOW = quarters(1, 0, 2, 3, false);
  private static final VectorShuffle<Float> UNSWAPPED_HIGH = quarters(3, 2, 0, 1, false);

  private static final VectorMask<Float> ODD_QUARTERS = oddQuarters();

  private final double[] sums = new double[SUMS];

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

  /**
   * Takes the quarters of a vector in the given order.
   *
   * @param ofQuads whether a quarter is the elements at one place of all quads, otherwise it is
   *     consecutive elements
   */
  private static VectorShuffle<Float> quarters(
      int first, int second, int third, int fourth, boolean ofQuads) {
    int[] order = {first, second, third, fourth};
    int length = LANES / 4;
    return VectorShuffle.fromOp(
        F,
        lane -> {
          int quarter = order[lane / length];
          return ofQuads ? lane % length * 4 + quarter : quarter * length + lane % length;
        });
  }

  private static VectorMask<Float> oddQuarters() {
    boolean[] lanes = new boolean[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      lanes[lane] = lane / (LANES / 4) % 2 == 1;
    }
    return VectorMask.fromArray(F, lanes, 0);
  }

  @Override
  public double sumOfSquares(float[] x, int at, int count) {
    if (count == Tiling.TILE_ELEMENTS) {
      return sumOfWholeTile(x, at);
    }
    Arrays.fill(sums, 0);
    int whole = count - count % BLOCK;
    for (int i = 0; i < whole; i += BLOCK) {
      FloatVector first = FloatVector.fromArray(F, x, at + i).rearrange(SPLIT);
      FloatVector second = FloatVector.fromArray(F, x, at + i + LANES).rearrange(SPLIT_SWAPPED);
      FloatVector ac = first.blend(second, ODD_QUARTERS);
      FloatVector bd = second.blend(first, ODD_QUARTERS);
      DoubleVector a = (DoubleVector) ac.convertShape(F2D, D, 0);
      DoubleVector b = (DoubleVector) bd.rearrange(UNSWAPPED_LOW).convertShape(F2D, D, 0);
      DoubleVector c = (DoubleVector) ac.rearrange(HIGH).convertShape(F2D, D, 0);
      DoubleVector d = (DoubleVector) bd.rearrange(UNSWAPPED_HIGH).convertShape(F2D, D, 0);
      DoubleVector quads = d.fma(d, c.fma(c, b.fma(b, a.mul(a))));
      int sum = i / 4 % SUMS;
      quads.add(DoubleVector.fromArray(D, sums, sum)).intoArray(sums, sum);
    }
    for (int i = whole; i < count; i += 4) {
      double quad = 0;
      for (int j = i; j < Math.min(i + 4, count); j++) {
        double wide = x[at + j];
        quad += wide * wide;
      }
      sums[i / 4 % SUMS] += quad;
    }
    return total(SUMS / 2, (count + 3) / 4);
  }

  /** Takes the first of the halving strides in registers. */
  private double sumOfWholeTile(float[] x, int at) {
    for (int i = at; i < at + HALF_TILE; i += BLOCK) {
      FloatVector first1 = FloatVector.fromArray(F, x, i).rearrange(SPLIT);
      FloatVector second1 = FloatVector.fromArray(F, x, i + LANES).rearrange(SPLIT_SWAPPED);
      FloatVector ac1 = first1.blend(second1, ODD_QUARTERS);
      FloatVector bd1 = second1.blend(first1, ODD_QUARTERS);
      DoubleVector a1 = (DoubleVector) ac1.convertShape(F2D, D, 0);
      DoubleVector b1 = (DoubleVector) bd1.rearrange(UNSWAPPED_LOW).convertShape(F2D, D, 0);
      DoubleVector c1 = (DoubleVector) ac1.rearrange(HIGH).convertShape(F2D, D, 0);
      DoubleVector d1 = (DoubleVector) bd1.rearrange(UNSWAPPED_HIGH).convertShape(F2D, D, 0);
      DoubleVector quads1 = d1.fma(d1, c1.fma(c1, b1.fma(b1, a1.mul(a1))));
      FloatVector first2 = FloatVector.fromArray(F, x, i + HALF_TILE).rearrange(SPLIT);
      FloatVector second2 =
          FloatVector.fromArray(F, x, i + HALF_TILE + LANES).rearrange(SPLIT_SWAPPED);
      FloatVector ac2 = first2.blend(second2, ODD_QUARTERS);
      FloatVector bd2 = second2.blend(first2, ODD_QUARTERS);
      DoubleVector a2 = (DoubleVector) ac2.convertShape(F2D, D, 0);
      DoubleVector b2 = (DoubleVector) bd2.rearrange(UNSWAPPED_LOW).convertShape(F2D, D, 0);
      DoubleVector c2 = (DoubleVector) ac2.rearrange(HIGH).convertShape(F2D, D, 0);
      DoubleVector d2 = (DoubleVector) bd2.rearrange(UNSWAPPED_HIGH).convertShape(F2D, D, 0);
      DoubleVector quads2 = d2.fma(d2, c2.fma(c2, b2.fma(b2, a2.mul(a2))));
      quads1.add(quads2).intoArray(sums, (i - at) / 4);
    }
    return total(SUMS / 2, SUMS);
  }

  /**
   * Adds the sums by halving strides.
   *
   * @param quads from this one on, the sums are zero
   */
  private double total(int stride, int quads) {
    while (stride >= quads && stride > DOUBLE_LANES / 2) {
      stride /= 2; // the upper half is zero
    }
    for (; stride >= DOUBLE_LANES; stride /= 2) {
      for (int i = 0; i < stride; i += DOUBLE_LANES) {
        DoubleVector sum = DoubleVector.fromArray(D, sums, i);
        sum.add(DoubleVector.fromArray(D, sums, i + stride)).intoArray(sums, i);
      }
    }
    for (; stride > 0; stride /= 2) {
      for (int i = 0; i < stride; i++) {
        sums[i] += sums[i + stride];
      }
    }
    return sums[0];
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
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
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
    for (int i = whole; i < count; i++) {
      r[rAt + i] = element(w[wAt + i], g[gAt + i], m, v, momentsAt + i, c);
    }
  }

  /** Updates one element's moments and forms its update. */
  private static float element(
      float w, float g, float[] m, float[] v, int momentsAt, Coefficients c) {
    float nextM = Elements.nextM(m[momentsAt], g, c.beta1Hi, c.beta1Lo, c.oneMinusBeta1);
    float nextV = Elements.nextV(v[momentsAt], g, c.beta2Hi, c.beta2Lo, c.oneMinusBeta2);
    m[momentsAt] = nextM;
    v[momentsAt] = nextV;
    return update(w, nextM, nextV, c);
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
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
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
    for (int i = whole; i < count; i++) {
      float r = element(w[wAt + i], g[gAt + i], m, v, momentsAt + i, c);
      w[wAt + i] = Elements.nextWeight(w[wAt + i], r, stepSize);
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
      r[rAt + i] = update(w[wAt + i], m[momentsAt + i], v[momentsAt + i], c);
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
    FloatVector mCorrection = FloatVector.broadcast(F, c.mCorrection);
    FloatVector sqrtVCorrection = FloatVector.broadcast(F, c.sqrtVCorrection);
    FloatVector epsilon = FloatVector.broadcast(F, c.epsilon);
    FloatVector weightDecay = FloatVector.broadcast(F, c.weightDecay);
    FloatVector negativeStep = FloatVector.broadcast(F, -stepSize);
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      FloatVector weights = FloatVector.fromArray(F, w, wAt + i);
      FloatVector root = FloatVector.fromArray(F, v, momentsAt + i).sqrt();
      FloatVector mHat = FloatVector.fromArray(F, m, momentsAt + i).mul(mCorrection);
      FloatVector adaptive = mHat.div(root.fma(sqrtVCorrection, epsilon));
      negativeStep.fma(weightDecay.fma(weights, adaptive), weights).intoArray(w, wAt + i);
    }
    for (int i = whole; i < count; i++) {
      float r = update(w[wAt + i], m[momentsAt + i], v[momentsAt + i], c);
      w[wAt + i] = Elements.nextWeight(w[wAt + i], r, stepSize);
    }
  }

  private static float update(float w, float m, float v, Coefficients c) {
    return Elements.update(w, m, v, c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
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
