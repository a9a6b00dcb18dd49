package io.github.lamb4j.internal.numerics;

import java.util.Arrays;

/**
 * The fixed order of every sum, as {@code kernels/NUMERICS.md} defines it; with {@link Elements}
 * the twin of {@code kernels/numerics.cuh}.
 *
 * <p>Sums are binary64. The square of a binary32 value is exact there, so an fma in a kernel rounds
 * like the plain sum here. All terms are non-negative or NaN, so adding the zeros that pad a tile
 * changes nothing.
 */
public final class Sums {

  /** Quads in a tile: groups of four neighboring elements. */
  public static final int QUADS = Tiling.TILE_ELEMENTS / 4;

  private Sums() {}

  /**
   * The sum of the squares of a tile: the elements of each quad in order, then the quads by halving
   * strides.
   *
   * @param at the tile's first element
   * @param count the tile's number of elements
   * @param quads scratch, at least {@link #QUADS} long
   */
  public static double ofSquares(float[] x, int at, int count, double[] quads) {
    int whole = count / 16 * 4;
    // Four at a time, because Java 17's compiler does not unroll this loop.
    for (int q = 0; q < whole; q += 4) {
      int i = at + 4 * q;
      quads[q] = ofQuad(x, i);
      quads[q + 1] = ofQuad(x, i + 4);
      quads[q + 2] = ofQuad(x, i + 8);
      quads[q + 3] = ofQuad(x, i + 12);
    }
    if (whole < QUADS) {
      Arrays.fill(quads, whole, QUADS, 0);
      for (int i = 4 * whole; i < count; i++) {
        quads[i / 4] += (double) x[at + i] * x[at + i];
      }
    }
    // Three strides at a time, because short loops are slow.
    addThreeStrides(quads, QUADS / 8);
    addThreeStrides(quads, QUADS / 64);
    addThreeStrides(quads, QUADS / 512);
    return quads[0];
  }

  private static double ofQuad(float[] x, int at) {
    double a = x[at];
    double b = x[at + 1];
    double c = x[at + 2];
    double d = x[at + 3];
    return a * a + b * b + c * c + d * d;
  }

  /** Reduces eight times this many values to this many. */
  private static void addThreeStrides(double[] values, int count) {
    for (int i = 0; i < count; i++) {
      double first = values[i] + values[i + 4 * count];
      double second = values[i + count] + values[i + 5 * count];
      double third = values[i + 2 * count] + values[i + 6 * count];
      double fourth = values[i + 3 * count] + values[i + 7 * count];
      values[i] = (first + third) + (second + fourth);
    }
  }

  /**
   * The sum of {@code count} values: lane l adds values l, l + 256, ... in order, then the lanes
   * are added by halving strides.
   *
   * @param lanes scratch, at least {@link Tiling#LANES} long
   */
  public static double ofLanes(double[] values, int first, int count, double[] lanes) {
    int used = Math.min(count, Tiling.LANES);
    System.arraycopy(values, first, lanes, 0, used);
    for (int i = used; i < count; i++) {
      lanes[i % Tiling.LANES] += values[first + i];
    }
    int left = used;
    for (int stride = Tiling.LANES / 2; stride > 0; stride /= 2) {
      for (int i = 0; i < left - stride; i++) {
        lanes[i] += lanes[i + stride];
      }
      left = Math.min(left, stride);
    }
    return left == 0 ? 0 : lanes[0];
  }
}
