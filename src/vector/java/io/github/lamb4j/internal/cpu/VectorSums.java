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

  private static final long FIRST_OF_PAIR = 0xFFFF_FFFFL;

  private static final VectorShuffle<Float> FIRST = ofQuads(0);
  private static final VectorShuffle<Float> SECOND = ofQuads(2);

  private final double[] quads = new double[Sums.QUADS];

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
    int whole = count - count % BLOCK;
    addBlocks(x, at, whole);
    if (whole < Tiling.TILE_ELEMENTS) {
      Arrays.fill(quads, whole / 4, Sums.QUADS, 0);
      for (int i = whole; i < count; i++) {
        double wide = x[at + i];
        quads[i / 4] += wide * wide;
      }
    }
    return total();
  }

  /**
   * Stores the quads of whole blocks. Taking the first of the halving strides on the way would read
   * two halves of a tile in turn, which takes twice the time from memory.
   */
  private void addBlocks(float[] x, int at, int count) {
    for (int i = 0; i < count; i += BLOCK) {
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
      d.fma(d, c.fma(c, b.fma(b, a.mul(a)))).intoArray(quads, i / 4);
    }
  }

  /**
   * Adds the quads by halving strides, three strides at a time: sums on their way are not stored.
   */
  private double total() {
    addThreeStrides(quads, Sums.QUADS / 8);
    addThreeStrides(quads, Sums.QUADS / 64);
    double first = quads[0] + quads[4];
    double second = quads[1] + quads[5];
    double third = quads[2] + quads[6];
    double fourth = quads[3] + quads[7];
    return (first + third) + (second + fourth);
  }

  /** Reduces eight times this many sums to this many. */
  private static void addThreeStrides(double[] sums, int count) {
    for (int i = 0; i < count; i += DOUBLE_LANES) {
      DoubleVector sum0 = DoubleVector.fromArray(D, sums, i);
      DoubleVector sum1 = DoubleVector.fromArray(D, sums, i + count);
      DoubleVector sum2 = DoubleVector.fromArray(D, sums, i + 2 * count);
      DoubleVector sum3 = DoubleVector.fromArray(D, sums, i + 3 * count);
      DoubleVector sum4 = DoubleVector.fromArray(D, sums, i + 4 * count);
      DoubleVector sum5 = DoubleVector.fromArray(D, sums, i + 5 * count);
      DoubleVector sum6 = DoubleVector.fromArray(D, sums, i + 6 * count);
      DoubleVector sum7 = DoubleVector.fromArray(D, sums, i + 7 * count);
      DoubleVector even = sum0.add(sum4).add(sum2.add(sum6));
      DoubleVector odd = sum1.add(sum5).add(sum3.add(sum7));
      even.add(odd).intoArray(sums, i);
    }
  }
}
