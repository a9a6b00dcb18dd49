package io.github.lamb4j.cpu;

import io.github.lamb4j.HostParameter;
import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.Parameter;
import io.github.lamb4j.ParameterGroup;
import io.github.lamb4j.core.Backend.SegmentNorms;
import io.github.lamb4j.core.Tiling;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The tables of one parameter group; the twin of {@code struct Group} in {@code
 * kernels/layout.cuh}.
 */
final class CpuGroup {

  /** One parameter: the caller's buffers, and our moments. */
  record Segment(
      FloatBuffer weights, FloatBuffer gradients, FloatBuffer expAvg, FloatBuffer expAvgSq) {

    static Segment of(Parameter parameter) {
      HostParameter host = (HostParameter) parameter;
      int count = host.weights().capacity();
      return new Segment(
          host.weights(),
          host.gradients(),
          FloatBuffer.wrap(new float[count]),
          FloatBuffer.wrap(new float[count]));
    }
  }

  final Tiling tiling;
  final Segment[] segments;
  final Hyperparameters hyperparameters;
  final BeginStep state;

  /** By tile: the sums of w^2 (or of g^2, when clipping) and of r^2. */
  final double[] weightPartials;

  final double[] updatePartials;

  /** By segment: the last step's norms, and its learning rate * trust ratio. */
  final SegmentNorms[] norms;

  final float[] stepSizes;

  CpuGroup(ParameterGroup group) {
    tiling = Tiling.of(group);
    segments = group.parameters().stream().map(Segment::of).toArray(Segment[]::new);
    hyperparameters = group.hyperparameters();
    state = new BeginStep(hyperparameters);
    weightPartials = new double[tiling.tileCount()];
    updatePartials = new double[tiling.tileCount()];
    norms = new SegmentNorms[segments.length];
    Arrays.fill(norms, new SegmentNorms(0, 0, 1));
    stepSizes = new float[segments.length];
  }

  Segment segmentOf(int tile) {
    return segments[tiling.segmentOf(tile)];
  }

  /** The first element of a tile, within its segment. */
  int start(int tile) {
    return (tile - tiling.firstTile(tiling.segmentOf(tile))) * Tiling.TILE_ELEMENTS;
  }

  /** The number of elements in a tile. */
  int count(int tile) {
    return Math.min(Tiling.TILE_ELEMENTS, segmentOf(tile).weights().capacity() - start(tile));
  }
}
