package io.github.lamb4j.internal.cpu;

/**
 * First pass of a step: a tile's moments, and its sums of w^2 and r^2 (and of c^2, for LANS); the
 * twin of {@code kernels/moments.cuh}.
 */
final class Moments {

  private Moments() {}

  /**
   * Updates the moments of a tile.
   *
   * @param r receives the updates from index {@code rAt} on
   */
  static void tile(Tile tile, float[] r, int rAt) {
    CpuGroup group = tile.group;
    Coefficients c = group.state.coefficients;
    tile.loadScaledGradients();
    tile.loadDecayedWeights();
    tile.kernels.moments(
        tile.w,
        tile.wAt,
        tile.g,
        tile.gAt,
        tile.segment.expAvg(),
        tile.segment.expAvgSq(),
        tile.start,
        r,
        rAt,
        tile.count,
        c,
        tile.sums);
    group.weightSums.set(tile.sumIndex, tile.sums[0]);
    group.updateSums.set(tile.sumIndex, tile.sums[1]);
    if (group.lans) {
      tile.formGradientUpdates();
      double sum = tile.kernels.sumOfSquares(tile.c, 0, tile.count);
      group.gradientUpdateSums.set(tile.sumIndex, sum);
    }
  }
}
