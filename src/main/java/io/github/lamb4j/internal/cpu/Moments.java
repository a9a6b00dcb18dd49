package io.github.lamb4j.internal.cpu;

/**
 * First pass of a step: a tile's moments, and its sums of w^2 and r^2 (and of c^2, for LANS); the
 * twin of {@code kernels/moments.cuh}.
 */
final class Moments {

  private Moments() {}

  static void tile(CpuGroup group, int index, Tile tile) {
    tile.moveTo(group, index);
    Coefficients c = group.state.coefficients;
    tile.loadGradients(group.lans ? group.gradientScales[tile.segmentIndex] : c.gradientScale);
    tile.loadWeights();
    tile.kernels.moments(
        tile.w,
        tile.wAt,
        tile.g,
        tile.gAt,
        tile.segment.expAvg(),
        tile.segment.expAvgSq(),
        tile.start,
        tile.r,
        0,
        tile.count,
        c,
        tile.sums);
    group.weightSums.set(index, tile.sums[0]);
    group.updateSums.set(index, tile.sums[1]);
    if (group.lans) {
      tile.gradientUpdates(c);
      group.gradientUpdateSums.set(index, tile.kernels.sumOfSquares(tile.c, 0, tile.count));
    }
  }
}
