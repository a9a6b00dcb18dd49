package io.github.lamb4j.internal.numerics;

/**
 * The fixed order of every sum, as {@code kernels/NUMERICS.md} defines it; with {@link Elements}
 * the twin of {@code kernels/numerics.cuh}.
 *
 * <p>Sums are binary64. The square of a binary32 value is exact there, so an fma in a kernel rounds
 * like the plain sum here. All terms are non-negative or NaN, so adding the zeros that pad a tile
 * changes nothing, and they are left out.
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
    if (count == Tiling.TILE_ELEMENTS) {
      return ofWholeTile(x, at, quads);
    }
    int whole = count / 4;
    for (int q = 0; q < whole; q++) {
      quads[q] = ofQuad(x, at + 4 * q);
    }
    if (4 * whole == count) {
      return ofQuads(quads, whole);
    }
    double last = 0;
    for (int i = 4 * whole; i < count; i++) {
      last += (double) x[at + i] * x[at + i];
    }
    quads[whole] = last;
    return ofQuads(quads, whole + 1);
  }

  /** Takes four quads, then three strides at a time: Java 17's compiler unrolls neither loop. */
  private static double ofWholeTile(float[] x, int at, double[] quads) {
    for (int q = 0; q < QUADS; q += 4) {
      int i = at + 4 * q;
      quads[q] = ofQuad(x, i);
      quads[q + 1] = ofQuad(x, i + 4);
      quads[q + 2] = ofQuad(x, i + 8);
      quads[q + 3] = ofQuad(x, i + 12);
    }
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

  /** The sum of a tile's first {@code count} quads by halving strides; overwrites them. */
  public static double ofQuads(double[] quads, int count) {
    return byHalvingStrides(quads, QUADS, count);
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
    return byHalvingStrides(lanes, Tiling.LANES, used);
  }

  /** Values from {@code used} on count as zeros. */
  private static double byHalvingStrides(double[] values, int size, int used) {
    if (used == 0) {
      return 0;
    }
    int left = used;
    for (int stride = size / 2; stride > 0; stride /= 2) {
      for (int i = 0; i < left - stride; i++) {
        values[i] += values[i + stride];
      }
      left = Math.min(left, stride);
    }
    return values[0];
  }
}
