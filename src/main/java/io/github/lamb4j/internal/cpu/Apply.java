package io.github.lamb4j.internal.cpu;

/**
 * Second pass of a step: a tile's w -= learning_rate * ratio * r, with r formed again; the twin of
 * {@code kernels/apply.cuh}.
 */
final class Apply {

  private Apply() {}

  static void tile(CpuGroup group, int index, Tile tile) {
    tile.moveTo(group, index);
    Coefficients c = group.state.coefficients;
    tile.loadWeights();
    tile.kernels.updates(
        tile.w,
        tile.wAt,
        tile.segment.expAvg(),
        tile.segment.expAvgSq(),
        tile.start,
        tile.r,
        0,
        tile.count,
        c);
    if (group.lans) {
      tile.loadGradients(group.gradientScales[tile.segmentIndex]);
      tile.gradientUpdates(c);
    }
    float stepSize = group.stepSizes[tile.segmentIndex];
    tile.kernels.apply(tile.w, tile.wAt, tile.r, 0, tile.count, c.decoupledDecay, stepSize);
    if (group.lans) {
      float gradientStepSize = group.gradientStepSizes[tile.segmentIndex];
      tile.kernels.apply(tile.w, tile.wAt, tile.c, 0, tile.count, 0, gradientStepSize);
    }
    tile.storeWeights();
  }
}
