package io.github.lamb4j.internal.numerics;

import java.util.Arrays;

/**
 * How the parameters of a group (its segments) are divided into tiles. A tile is a fixed number of
 * consecutive elements of one segment; the last tile of a segment may be shorter. The division
 * determines the order of every sum: see {@code kernels/NUMERICS.md}.
 */
public final class Tiling {

  /** Elements in a tile. Changing it changes the bits of every result. */
  public static final int TILE_ELEMENTS = 2048;

  /** Lanes of a sum over tiles or segments. Changing it changes the bits of every result. */
  public static final int LANES = 256;

  private final int[] firstTiles;
  private final int[] tileSegments;

  private Tiling(int[] firstTiles, int[] tileSegments) {
    this.firstTiles = firstTiles;
    this.tileSegments = tileSegments;
  }

  /**
   * The tiling of a group.
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

  /** The number of tiles of a segment with this many elements. */
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

  /** The number of tiles in a segment. */
  public int tileCount(int segment) {
    return firstTiles[segment + 1] - firstTiles[segment];
  }
}
