package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Tiling;

/**
 * A loop over consecutive tiles of a group, in spans. Long spans stream through memory: prefetchers
 * start anew where a loop does, and so does the overlap of a processor's cache misses.
 */
final class SpanLoop implements Workers.Task {

  /** A unit of work has this many tiles, or half of it if threads would otherwise go idle. */
  static final int MOST_TILES = 16;

  private static final int UNITS_PER_THREAD = 4;

  /** Work on one span. */
  interface Body {
    void run(Span span);
  }

  private final CpuGroup group;
  private final int firstTile;
  private final int tileCount;
  private final boolean backward;
  private final Body body;
  private int unit;

  /**
   * A loop over a part of a group's tiles.
   *
   * @param backward whether units are taken from the last to the first
   */
  SpanLoop(CpuGroup group, int firstTile, int tileCount, boolean backward, Body body) {
    this.group = group;
    this.firstTile = firstTile;
    this.tileCount = tileCount;
    this.backward = backward;
    this.body = body;
  }

  /**
   * Runs the body on spans that cover every tile; loops over the same tiles have the same spans.
   */
  void run(Workers workers) {
    boolean many = tileCount >= workers.count() * UNITS_PER_THREAD * MOST_TILES;
    unit = many ? MOST_TILES : MOST_TILES / 2;
    workers.forEach((tileCount + unit - 1) / unit, 1, backward, this);
  }

  /** Units are counted from the end, so that the last ones are whole. */
  @Override
  public void run(int index, Span span) {
    int fromEnd = (tileCount + unit - 1) / unit - 1 - index;
    int end = tileCount - fromEnd * unit;
    int tile = Math.max(0, end - unit);
    while (tile < end) {
      span.moveTo(group, firstTile + tile, end - tile);
      body.run(span);
      tile += (int) Tiling.tiles(span.count);
    }
  }
}
