package io.github.lamb4j.cpu;

import io.github.lamb4j.core.Tiling;
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

  /** Copies a tile in; what lies past the end reads as zero. */
  static void load(FloatBuffer from, int start, int count, float[] to) {
    from.get(start, to, 0, count);
    Arrays.fill(to, count, to.length, 0);
  }

  static void store(float[] from, FloatBuffer to, int start, int count) {
    to.put(start, from, 0, count);
  }
}
