package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Tiling;

/**
 * Adds a tile of an array of any type to a binary32 array, or replaces the tile there; the twin of
 * {@code kernels/accumulate.cuh}.
 */
final class Accumulate {

  private Accumulate() {}

  /** target = target + source, for whole arrays. */
  static void add(TileArray target, TileArray source, Workers workers) {
    workers.forEach(
        (int) Tiling.tiles(source.count()),
        (index, span) -> {
          int start = index * Tiling.TILE_ELEMENTS;
          int count = Math.min(Tiling.TILE_ELEMENTS, source.count() - start);
          add(target, source, start, count, span);
        });
  }

  /** target = target + source. */
  private static void add(TileArray target, TileArray source, int start, int count, Span span) {
    float[] from = source.read(start, count, span.c, span);
    float[] to = target.read(start, count, span.r, span);
    span.kernels.add(to, target.at(start), from, source.at(start), count);
    target.write(to, target.at(start), start, count, span);
  }

  /** target = source. */
  static void replace(TileArray target, TileArray source, int start, int count, Span span) {
    float[] from = source.read(start, count, span.r, span);
    target.write(from, source.at(start), start, count, span);
  }
}
