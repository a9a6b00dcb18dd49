package io.github.lamb4j.internal.cpu;

import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.lamb4j.internal.numerics.Sums;
import io.github.lamb4j.internal.numerics.Tiling;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sum of a tile's squares over vectors, in the order of {@link Sums}.
 *
 * <p>A quad's squares are added in order. So two vectors of whole quads become four vectors of half
 * the length: of the first elements of all these quads, of the second, and so on. Shifts by the
 * width of an element exchange every other element of the two, then each half is gathered:
 *
 * <pre>
 * first   a b c d      even   a A c C
 * second  A B C D      odd    b B d D
 * </pre>
 */
final class VectorSums {

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());

  private static final int LANES = F.length();
  private static final int DOUBLE_LANES = D.length();

  /** Elements in a block of two vectors, which has as many quads as a vector has doubles. */
  private static final int BLOCK = 2 * LANES;

  /** Sums of a tile: quad q goes to sum q modulo this, the first of the halving strides. */
  private static final int SUMS = Sums.QUADS / 2;

  private static final int HALF_TILE = Tiling.TILE_ELEMENTS / 2;

  /** What the sums are first reduced to: so few that they stay in the cache. */
  private static final int FEW_SUMS = SUMS / 4;

  private static final long FIRST_OF_PAIR = 0xFFFF_FFFFL;

  private static final VectorShuffle<Float> FIRST = ofQuads(0);
  private static final VectorShuffle<Float> SECOND = ofQuads(2);

  private final double[] sums = new double[SUMS];
  private final double[] fewSums = new double[FEW_SUMS];

  /** From paired vectors, takes the elements at a place of all quads into the lower half. */
  private static VectorShuffle<Float> ofQuads(int place) {
    int quads = LANES / 4;
    return VectorShuffle.fromOp(
        F,
        lane -> {
          int quad = lane % (2 * quads);
          return place + (quad < quads ? 4 * quad : 4 * (quad - quads) + 1);
        });
  }

  /** The sum of x^2 over at most one tile. */
  double ofTile(float[] x, int at, int count) {
    if (count == Tiling.TILE_ELEMENTS) {
      addWholeTile(x, at);
    } else {
      addPart(x, at, count);
    }
    return total();
  }

  /** Takes the first of the halving strides in registers. */
  private void addWholeTile(float[] x, int at) {
    for (int i = at; i < at + HALF_TILE; i += BLOCK) {
      LongVector first1 = FloatVector.fromArray(F, x, i).reinterpretAsLongs();
      LongVector second1 = FloatVector.fromArray(F, x, i + LANES).reinterpretAsLongs();
      FloatVector even1 =
          first1.and(FIRST_OF_PAIR).or(second1.lanewise(LSHL, 32)).reinterpretAsFloats();
      FloatVector odd1 =
          first1.lanewise(LSHR, 32).or(second1.and(~FIRST_OF_PAIR)).reinterpretAsFloats();
      DoubleVector a1 = (DoubleVector) even1.rearrange(FIRST).convertShape(F2D, D, 0);
      DoubleVector b1 = (DoubleVector) odd1.rearrange(FIRST).convertShape(F2D, D, 0);
      DoubleVector c1 = (DoubleVector) even1.rearrange(SECOND).convertShape(F2D, D, 0);
      DoubleVector d1 = (DoubleVector) odd1.rearrange(SECOND).convertShape(F2D, D, 0);
      DoubleVector quads1 = d1.fma(d1, c1.fma(c1, b1.fma(b1, a1.mul(a1))));
      LongVector first2 = FloatVector.fromArray(F, x, i + HALF_TILE).reinterpretAsLongs();
      LongVector second2 = FloatVector.fromArray(F, x, i + HALF_TILE + LANES).reinterpretAsLongs();
      FloatVector even2 =
          first2.and(FIRST_OF_PAIR).or(second2.lanewise(LSHL, 32)).reinterpretAsFloats();
      FloatVector odd2 =
          first2.lanewise(LSHR, 32).or(second2.and(~FIRST_OF_PAIR)).reinterpretAsFloats();
      DoubleVector a2 = (DoubleVector) even2.rearrange(FIRST).convertShape(F2D, D, 0);
      DoubleVector b2 = (DoubleVector) odd2.rearrange(FIRST).convertShape(F2D, D, 0);
      DoubleVector c2 = (DoubleVector) even2.rearrange(SECOND).convertShape(F2D, D, 0);
      DoubleVector d2 = (DoubleVector) odd2.rearrange(SECOND).convertShape(F2D, D, 0);
      DoubleVector quads2 = d2.fma(d2, c2.fma(c2, b2.fma(b2, a2.mul(a2))));
      quads1.add(quads2).intoArray(sums, (i - at) / 4);
    }
  }

  private void addPart(float[] x, int at, int count) {
    Arrays.fill(sums, 0);
    int whole = count - count % BLOCK;
    for (int i = 0; i < whole; i += BLOCK) {
      LongVector first = FloatVector.fromArray(F, x, at + i).reinterpretAsLongs();
      LongVector second = FloatVector.fromArray(F, x, at + i + LANES).reinterpretAsLongs();
      FloatVector even =
          first.and(FIRST_OF_PAIR).or(second.lanewise(LSHL, 32)).reinterpretAsFloats();
      FloatVector odd =
          first.lanewise(LSHR, 32).or(second.and(~FIRST_OF_PAIR)).reinterpretAsFloats();
      DoubleVector a = (DoubleVector) even.rearrange(FIRST).convertShape(F2D, D, 0);
      DoubleVector b = (DoubleVector) odd.rearrange(FIRST).convertShape(F2D, D, 0);
      DoubleVector c = (DoubleVector) even.rearrange(SECOND).convertShape(F2D, D, 0);
      DoubleVector d = (DoubleVector) odd.rearrange(SECOND).convertShape(F2D, D, 0);
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
  }

  /** Adds the sums by halving strides, two strides at a time: sums on their way are not stored. */
  private double total() {
    addTwoStrides(sums, fewSums, SUMS / 4);
    addTwoStrides(fewSums, fewSums, FEW_SUMS / 4);
    int left = FEW_SUMS / 4;
    for (int stride = left / 2; stride > 0; stride /= 2) {
      for (int i = 0; i < stride; i++) {
        fewSums[i] += fewSums[i + stride];
      }
    }
    return fewSums[0];
  }

  /** Reduces four times this many sums to this many. */
  private static void addTwoStrides(double[] from, double[] to, int count) {
    for (int i = 0; i < count; i += DOUBLE_LANES) {
      DoubleVector first = DoubleVector.fromArray(D, from, i);
      DoubleVector second = DoubleVector.fromArray(D, from, i + count);
      DoubleVector third = DoubleVector.fromArray(D, from, i + 2 * count);
      DoubleVector fourth = DoubleVector.fromArray(D, from, i + 3 * count);
      first.add(third).add(second.add(fourth)).intoArray(to, i);
    }
  }
}
