package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Elements;

/**
 * A whole step of a group without layer adaptation, tile by tile; the twin of {@code
 * kernels/unadapted.cuh}. The trust ratio is 1, so no tile waits for a norm. The loops form a
 * tile's sums of squares on the way; {@link TrustRatios} adds them only if a report wants norms.
 */
final class Unadapted {

  private Unadapted() {}

  static void tile(Tile tile) {
    Moments.tile(tile, tile.r, 0);
    double learningRate = tile.group.state.coefficients.learningRate;
    tile.subtract(tile.r, 0, Elements.stepSize(learningRate, 1));
    tile.storeWeights();
  }
}
