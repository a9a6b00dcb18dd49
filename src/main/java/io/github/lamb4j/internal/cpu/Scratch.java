package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.HostArray;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** One worker's copy of a tile: what a block of threads holds in registers on a GPU. */
final class Scratch {

  final float[] w = new float[Tiling.TILE_ELEMENTS];
  final float[] g = new float[Tiling.TILE_ELEMENTS];
  final float[] m = new float[Tiling.TILE_ELEMENTS];
  final float[] v = new float[Tiling.TILE_ELEMENTS];
  final float[] r = new float[Tiling.TILE_ELEMENTS];
  final double[] sums = new double[Tiling.TILE_ELEMENTS / 4];
  private final short[] halves = new short[Tiling.TILE_ELEMENTS];

  /** Copies a tile in; what lies past the end reads as zero. */
  static void load(FloatBuffer from, int start, int count, float[] to) {
    from.get(start, to, 0, count);
    Arrays.fill(to, count, to.length, 0);
  }

  /** Copies a tile of any type in; what lies past the end reads as zero. */
  void load(HostArray from, int start, int count, float[] to) {
    if (from.type() == DType.F32) {
      load(from.floats(), start, count, to);
      return;
    }
    from.halves().get(start, halves, 0, count);
    boolean f16 = from.type() == DType.F16;
    for (int i = 0; i < count; i++) {
      to[i] = f16 ? Half.fromF16(halves[i]) : Half.fromBf16(halves[i]);
    }
    Arrays.fill(to, count, to.length, 0);
  }

  static void store(float[] from, FloatBuffer to, int start, int count) {
    to.put(start, from, 0, count);
  }

  /** Rounds a tile to nearest even into a half-precision array. */
  void round(float[] from, HostArray to, int start, int count) {
    boolean f16 = to.type() == DType.F16;
    for (int i = 0; i < count; i++) {
      halves[i] = f16 ? Half.toF16(from[i]) : Half.toBf16(from[i]);
    }
    to.halves().put(start, halves, 0, count);
  }
}
