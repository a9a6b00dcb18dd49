package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Tiling;
import java.util.Arrays;

/**
 * The one order of every sum, of {@code kernels/NUMERICS.md}; the twin of {@code
 * kernels/numerics.cuh}.
 *
 * <p>Sums are binary64. The square of a binary32 is exact there, so that an fma on the other side
 * rounds as the plain sum does here.
 */
final class Sums {

  private static final int QUADS = Tiling.TILE_ELEMENTS / 4;

  private Sums() {}

  /**
   * The sum of the squares of a tile: of each four neighbours in order, then of these by halving
   * strides.
   *
   * @param x a whole tile, with zeros where the segment has ended
   * @param quads scratch of at least 512
   */
  static double ofSquares(float[] x, double[] quads) {
    for (int q = 0; q < QUADS; q++) {
      double a = x[4 * q];
      double b = x[4 * q + 1];
      double c = x[4 * q + 2];
      double d = x[4 * q + 3];
      quads[q] = a * a + b * b + c * c + d * d;
    }
    return byHalvingStrides(quads, QUADS);
  }

  /**
   * The sum of {@code count} values: lane l adds values l, l + 256, ... in order, then the lanes
   * are added by halving strides.
   *
   * @param lanes scratch of at least 256
   */
  static double ofLanes(double[] values, int first, int count, double[] lanes) {
    Arrays.fill(lanes, 0, Tiling.LANES, 0.0);
    for (int i = 0; i < count; i++) {
      lanes[i % Tiling.LANES] += values[first + i];
    }
    return byHalvingStrides(lanes, Tiling.LANES);
  }

  private static double byHalvingStrides(double[] values, int count) {
    for (int stride = count / 2; stride > 0; stride /= 2) {
      for (int i = 0; i < stride; i++) {
        values[i] += values[i + stride];
      }
    }
    return values[0];
  }
}
