package io.github.lamb4j.internal.cpu;

/**
 * Second pass of a step: a tile's w -= learning_rate * ratio * r; the twin of {@code
 * kernels/apply.cuh}. Updates that are still in the cache are not formed again.
 */
final class Apply {

  private Apply() {}

  /** Forms r again, from w, m and v. */
  static void tile(Tile tile) {
    CpuGroup group = tile.group;
    tile.loadDecayedWeights();
    tile.kernels.updates(
        tile.w,
        tile.wAt,
        tile.segment.expAvg(),
        tile.segment.expAvgSq(),
        tile.start,
        tile.r,
        0,
        tile.count,
        group.state.coefficients);
    if (group.lans) {
      tile.loadScaledGradients();
      tile.formGradientUpdates();
      tile.subtract(tile.r, 0, group.stepSizes[tile.segmentIndex]);
      tile.subtract(tile.c, 0, group.gradientStepSizes[tile.segmentIndex]);
    } else {
      tile.subtract(tile.r, 0, group.stepSizes[tile.segmentIndex]);
    }
    tile.storeWeights();
  }

  /** Takes r from the first pass. */
  static void tile(Tile tile, float[] r, int rAt) {
    tile.loadDecayedWeights();
    tile.subtract(r, rAt, tile.group.stepSizes[tile.segmentIndex]);
    tile.storeWeights();
  }
}
