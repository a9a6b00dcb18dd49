package io.github.lamb4j.internal.cpu;

import java.util.ArrayList;
import java.util.List;

/**
 * Consecutive segments of a group that go through all passes of a step before the next run begins:
 * small enough to stay in the cache between the passes, large enough to pay for the threads'
 * meeting. A larger segment is a run of its own.
 */
final class SegmentRun {

  /** A run of several segments has at most this many tiles: 12 MiB of weights and moments. */
  private static final int MOST_TILES = 512;

  private final CpuGroup group;
  private final int firstSegment;
  private final int segmentCount;

  // Made once, so that a step allocates nothing.
  private final SpanLoop momentsPass;
  private final Workers.Task ratios = this::ratio;

  /** Backward: what the first pass touched last is the most likely to be in the cache still. */
  private final SpanLoop applyPass;

  private SegmentRun(CpuGroup group, int firstSegment, int endSegment) {
    this.group = group;
    this.firstSegment = firstSegment;
    segmentCount = endSegment - firstSegment;
    int firstTile = group.tiling.firstTile(firstSegment);
    int tileCount = group.tiling.firstTile(endSegment) - firstTile;
    SpanLoop.Body first = group.needsRatios() ? Moments::update : Unadapted::step;
    momentsPass = new SpanLoop(group, firstTile, tileCount, false, first);
    applyPass = new SpanLoop(group, firstTile, tileCount, true, Apply::step);
  }

  /** The runs of a group, in order. */
  static List<SegmentRun> of(CpuGroup group) {
    List<SegmentRun> runs = new ArrayList<>();
    int first = 0;
    int tiles = 0;
    for (int s = 0; s < group.segments.length; s++) {
      int more = group.tiling.tileCount(s);
      if (s > first && tiles + more > MOST_TILES) {
        runs.add(new SegmentRun(group, first, s));
        first = s;
        tiles = 0;
      }
      tiles += more;
    }
    runs.add(new SegmentRun(group, first, group.segments.length));
    return runs;
  }

  /** Updates the moments; without adaptation, also the weights. */
  void firstPass(Workers workers) {
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

  private void ratio(int index, Span span) {
    TrustRatios.segment(group, firstSegment + index, span);
  }
}
