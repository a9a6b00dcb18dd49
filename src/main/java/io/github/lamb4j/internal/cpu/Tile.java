package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Tiling;

/**
 * Where the elements of a tile are; the twin of {@code kernels/tile.cuh}. A worker has one and
 * moves it from tile to tile, so it also holds the worker's kernels and scratch memory.
 */
final class Tile {

  final TileKernels kernels;

  /** Updates that are not kept after the tile. */
  final float[] r = new float[Tiling.TILE_ELEMENTS];

  /** The second term of LANS. */
  final float[] c = new float[Tiling.TILE_ELEMENTS];

  /** The sums of squares of w and of r. */
  final double[] sums = new double[2];

  final double[] lanes = new double[Tiling.LANES];
  final short[] halves = new short[Tiling.TILE_ELEMENTS];
  private final float[] copyW = new float[Tiling.TILE_ELEMENTS];
  private final float[] copyG = new float[Tiling.TILE_ELEMENTS];

  CpuGroup group;
  CpuGroup.Segment segment;

  /** Where the sums of this tile are kept. */
  int sumIndex;

  int segmentIndex;

  /** The first element, within the segment; its index in m and v. */
  int start;

  int count;

  float[] w;
  int wAt;
  float[] g;
  int gAt;

  Tile(TileKernels kernels) {
    this.kernels = kernels;
  }

  /** Moves to a tile of a group, before anything of it is loaded. */
  void moveTo(CpuGroup group, int index) {
    this.group = group;
    sumIndex = group.firstSum + index;
    segmentIndex = group.tiling.segmentOf(index);
    segment = group.segments[segmentIndex];
    start = (index - group.tiling.firstTile(segmentIndex)) * Tiling.TILE_ELEMENTS;
    count = Math.min(Tiling.TILE_ELEMENTS, segment.count() - start);
  }

  /** Loads the weights, after decoupled decay if the group has it. */
  void loadDecayedWeights() {
    w = segment.weights().read(start, count, copyW, this);
    wAt = segment.weights().at(start);
    float decoupledDecay = group.state.coefficients.decoupledDecay;
    if (decoupledDecay != 0) {
      kernels.decay(w, wAt, copyW, 0, count, decoupledDecay);
      w = copyW;
      wAt = 0;
    }
  }

  /** Loads the gradients as the caller left them. */
  void loadGradients() {
    g = segment.gradients().read(start, count, copyG, this);
    gAt = segment.gradients().at(start);
  }

  void loadScaledGradients() {
    loadGradients();
    double scale =
        group.lans ? group.gradientScales[segmentIndex] : group.state.coefficients.gradientScale;
    if (scale != 1) {
      kernels.scale(g, gAt, copyG, 0, count, scale);
      g = copyG;
      gAt = 0;
    }
  }

  /** Forms the second term of LANS from the loaded weights and gradients. */
  void formGradientUpdates() {
    kernels.gradientUpdates(
        w, wAt, g, gAt, segment.expAvgSq(), start, c, 0, count, group.state.coefficients);
  }

  /** Subtracts a step from the loaded weights. */
  void subtract(float[] r, int rAt, float stepSize) {
    kernels.subtract(w, wAt, r, rAt, count, stepSize);
  }

  /** Stores the updated weights, and the model's copy of them if there is one. */
  void storeWeights() {
    segment.weights().write(w, wAt, start, count, this);
    if (segment.model() != null) {
      segment.model().write(w, wAt, start, count, this);
    }
  }
}
