package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Tiling;
import java.util.ArrayList;
import java.util.List;

/**
 * Consecutive segments of a group that go through all passes of a step before the next run begins:
 * small enough to stay in the cache between the passes, large enough to pay for the threads'
 * meeting. A larger segment is a run of its own.
 */
final class SegmentRun {

  /** A run of several segments has at most this many tiles: 8 MiB of weights and updates. */
  private static final int MOST_TILES = 512;

  /**
   * The tiles of a run whose updates are kept from the first pass to the second, 8 KiB each; for
   * more, the second pass forms them again.
   */
  static final int KEPT_TILES = 2048;

  private final CpuGroup group;
  private final int firstSegment;
  private final int segmentCount;
  private final int firstTile;
  private final int tileCount;
  private final int keptTiles;

  // Made once, so that a step allocates nothing.
  private final Workers.Task momentsPass;
  private final Workers.Task ratios = this::ratio;
  private final Workers.Task applyPass = this::apply;
  private float[] updates;

  private SegmentRun(CpuGroup group, int firstSegment, int endSegment, int mostKeptTiles) {
    this.group = group;
    this.firstSegment = firstSegment;
    segmentCount = endSegment - firstSegment;
    firstTile = group.tiling.firstTile(firstSegment);
    tileCount = group.tiling.firstTile(endSegment) - firstTile;
    keptTiles = group.keepsUpdates() ? Math.min(tileCount, mostKeptTiles) : 0;
    momentsPass = group.needsRatios() ? this::moments : this::unadapted;
  }

  /** The runs of a group, in order. */
  static List<SegmentRun> of(CpuGroup group, int keptTiles) {
    List<SegmentRun> runs = new ArrayList<>();
    int first = 0;
    int tiles = 0;
    for (int s = 0; s < group.segments.length; s++) {
      int more = group.tiling.tileCount(s);
      if (s > first && tiles + more > MOST_TILES) {
        runs.add(new SegmentRun(group, first, s, keptTiles));
        first = s;
        tiles = 0;
      }
      tiles += more;
    }
    runs.add(new SegmentRun(group, first, group.segments.length, keptTiles));
    return runs;
  }

  /** The number of floats for the updates that this run keeps. */
  int updateCount() {
    return keptTiles * Tiling.TILE_ELEMENTS;
  }

  /**
   * Updates the moments; without adaptation, also the weights.
   *
   * @param updates where to keep updates until the second pass, at least {@link #updateCount} long
   */
  void firstPass(Workers workers, float[] updates) {
    this.updates = updates;
    workers.forEach(tileCount, momentsPass);
  }

  /** Forms norms and trust ratios, and updates the weights. */
  void secondPass(Workers workers) {
    if (group.needsRatios() || group.reportsNorms) {
      workers.forEach(segmentCount, ratios);
    }
    if (group.needsRatios()) {
      workers.forEach(tileCount, applyPass);
    }
  }

  private void moments(int index, Tile tile) {
    tile.moveTo(group, firstTile + index);
    float[] r = keeps(index) ? updates : tile.r;
    Moments.tile(tile, r, keeps(index) ? updatesAt(index) : 0);
  }

  private void unadapted(int index, Tile tile) {
    tile.moveTo(group, firstTile + index);
    Unadapted.tile(tile);
  }

  private void ratio(int index, Tile tile) {
    TrustRatios.segment(group, firstSegment + index, tile);
  }

  /** Backwards: what the first pass touched last is the most likely to be in the cache still. */
  private void apply(int fromEnd, Tile tile) {
    int index = tileCount - 1 - fromEnd;
    tile.moveTo(group, firstTile + index);
    if (keeps(index)) {
      Apply.tile(tile, updates, updatesAt(index));
    } else {
      Apply.tile(tile);
    }
  }

  private boolean keeps(int index) {
    return index >= tileCount - keptTiles;
  }

  private int updatesAt(int index) {
    return (index - (tileCount - keptTiles)) * Tiling.TILE_ELEMENTS;
  }
}
