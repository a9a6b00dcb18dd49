package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.TileSums;
import io.github.lamb4j.internal.numerics.Tiling;

/**
 * Where the elements of consecutive tiles of one segment are; the twin of {@code kernels/tile.cuh}.
 * A worker has one and moves it along, so it also holds the worker's kernels and scratch memory.
 */
final class Span {

  private static final int MOST_ELEMENTS = SpanLoop.MOST_TILES * Tiling.TILE_ELEMENTS;

  final TileKernels kernels;

  /** The updates. */
  final float[] r = new float[MOST_ELEMENTS];

  /** The second term of LANS. */
  final float[] c = new float[MOST_ELEMENTS];

  final double[] lanes = new double[Tiling.LANES];
  final short[] halves = new short[MOST_ELEMENTS];
  private final float[] copyW = new float[MOST_ELEMENTS];
  private final float[] copyG = new float[MOST_ELEMENTS];

  CpuGroup group;
  CpuGroup.Segment segment;

  /** The first tile's index in its group. */
  int index;

  int segmentIndex;

  /** The first element, within the segment; its index in m and v. */
  int start;

  int count;

  float[] w;
  int wAt;
  float[] g;
  int gAt;

  Span(TileKernels kernels) {
    this.kernels = kernels;
  }

  /**
   * Moves to tiles of a group, before anything of them is loaded.
   *
   * @param index the first tile
   * @param most the largest number of tiles; the span ends with the segment
   */
  void moveTo(CpuGroup group, int index, int most) {
    this.group = group;
    this.index = index;
    segmentIndex = group.tiling.segmentOf(index);
    segment = group.segments[segmentIndex];
    start = (index - group.tiling.firstTile(segmentIndex)) * Tiling.TILE_ELEMENTS;
    count = Math.min(most * Tiling.TILE_ELEMENTS, segment.count() - start);
  }

  /** Stores the sum of squares of each tile of x. */
  void sumSquares(float[] x, int at, TileSums sums) {
    int sum = group.firstSum + index;
    for (int i = 0; i < count; i += Tiling.TILE_ELEMENTS) {
      int length = Math.min(Tiling.TILE_ELEMENTS, count - i);
      sums.set(sum++, kernels.sumOfSquares(x, at + i, length));
    }
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
  void subtract(float[] r, float stepSize) {
    kernels.subtract(w, wAt, r, 0, count, stepSize);
  }

  /** Stores the updated weights, and the model's copy of them if there is one. */
  void storeWeights() {
    segment.weights().write(w, wAt, start, count, this);
    if (segment.model() != null) {
      segment.model().write(w, wAt, start, count, this);
    }
  }
}
