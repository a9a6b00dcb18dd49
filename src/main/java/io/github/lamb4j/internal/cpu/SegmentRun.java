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
  static final int KEPT_TILES = 512;

  private final CpuGroup group;
  private final int firstSegment;
  private final int segmentCount;
  private final int firstTile;
  private final int tileCount;
  private final int keptTiles;

  // Made once, so that a step allocates nothing.
  private final SpanLoop momentsPass;
  private final Workers.Task ratios = this::ratio;

  /** Backward: what the first pass touched last is the most likely to be in the cache still. */
  private final SpanLoop applyPass;

  private float[] updates;

  private SegmentRun(CpuGroup group, int firstSegment, int endSegment, int mostKeptTiles) {
    this.group = group;
    this.firstSegment = firstSegment;
    segmentCount = endSegment - firstSegment;
    firstTile = group.tiling.firstTile(firstSegment);
    tileCount = group.tiling.firstTile(endSegment) - firstTile;
    keptTiles = group.keepsUpdates() ? Math.min(tileCount, mostKeptTiles) : 0;
    momentsPass =
        new SpanLoop(
            group,
            firstTile,
            tileCount,
            false,
            group.needsRatios() ? this::moments : Unadapted::step);
    applyPass = new SpanLoop(group, firstTile, tileCount, true, this::apply);
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
    momentsPass.run(workers);
  }

  /** Forms norms and trust ratios, and updates the weights. */
  void secondPass(Workers workers) {
    if (group.needsRatios() || group.reportsNorms) {
      workers.forEach(segmentCount, ratios);
    }
    if (group.needsRatios()) {
      applyPass.run(workers);
    }
  }

  private void moments(Span span) {
    boolean kept = keeps(span);
    Moments.update(span, kept ? updates : span.r, kept ? updatesAt(span) : 0);
  }

  private void ratio(int index, Span span) {
    TrustRatios.segment(group, firstSegment + index, span);
  }

  private void apply(Span span) {
    if (keeps(span)) {
      Apply.kept(span, updates, updatesAt(span));
    } else {
      Apply.again(span);
    }
  }

  private boolean keeps(Span span) {
    return updatesAt(span) >= 0;
  }

  private int updatesAt(Span span) {
    int index = span.index - firstTile;
    return (index - (tileCount - keptTiles)) * Tiling.TILE_ELEMENTS;
  }
}
