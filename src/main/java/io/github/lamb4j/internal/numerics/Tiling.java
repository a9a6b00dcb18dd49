package io.github.lamb4j.internal.numerics;

import java.util.Arrays;

/**
 * How a group's parameters (segments) are cut into tiles. A tile is a fixed number of elements of
 * one segment; the last one of a segment may be shorter. Part of the format of every sum: see
 * {@code kernels/NUMERICS.md}.
 */
public final class Tiling {

  /** Elements in a tile; a constant of the format, not a tuning knob. */
  public static final int TILE_ELEMENTS = 2048;

  /** Lanes that a sum over tiles, or over segments, is spread over; a constant of the format. */
  public static final int LANES = 256;

  private final int[] firstTiles;
  private final int[] tileSegments;

  private Tiling(int[] firstTiles, int[] tileSegments) {
    this.firstTiles = firstTiles;
    this.tileSegments = tileSegments;
  }

  /**
   * The tiles of a group, segment by segment.
   *
   * @param counts each segment's number of elements
   */
  public static Tiling of(long... counts) {
    int[] firstTiles = new int[counts.length + 1];
    for (int s = 0; s < counts.length; s++) {
      firstTiles[s + 1] = Math.toIntExact(firstTiles[s] + tiles(counts[s]));
    }
    int[] tileSegments = new int[firstTiles[counts.length]];
    for (int s = 0; s < counts.length; s++) {
      Arrays.fill(tileSegments, firstTiles[s], firstTiles[s + 1], s);
    }
    return new Tiling(firstTiles, tileSegments);
  }

  /** The number of tiles that so many elements make. */
  public static long tiles(long elements) {
    return (elements + TILE_ELEMENTS - 1) / TILE_ELEMENTS;
  }

  /** The number of segments in the group. */
  public int segmentCount() {
    return firstTiles.length - 1;
  }

  /** The number of tiles in the group. */
  public int tileCount() {
    return tileSegments.length;
  }

  /** The segment that a tile belongs to. */
  public int segmentOf(int tile) {
    return tileSegments[tile];
  }

  /** A segment's first tile. */
  public int firstTile(int segment) {
    return firstTiles[segment];
  }

  /** The number of a segment's tiles. */
  public int tileCount(int segment) {
    return firstTiles[segment + 1] - firstTiles[segment];
  }
}
