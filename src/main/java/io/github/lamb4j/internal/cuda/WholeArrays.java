package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/**
 * The caller's arrays of one group's whole parameters, as {@code kernels/sharding.cuh} needs them.
 */
final class WholeArrays {

  private final CudaDriver driver;
  private final CudaStream stream;
  private final Tiling tiling;
  private final ByteBuffer table;
  private final long segments;
  private List<Parameter> parameters;

  /** Uploads the tables. */
  WholeArrays(CudaDriver driver, CudaStream stream, DeviceArrays arrays, ParameterGroup group) {
    this.driver = driver;
    this.stream = stream;
    tiling = Tiling.of(group.counts());
    parameters = group.parameters();
    segments = arrays.upload(segments(Set.of()), Purpose.SEGMENT_TABLE, group.name());
    table =
        CudaLayout.buffer(CudaLayout.Group.SIZE)
            .putLong(CudaLayout.Group.SEGMENTS, segments)
            .putLong(
                CudaLayout.Group.TILE_SEGMENTS,
                arrays.upload(GroupTables.tileSegments(tiling), Purpose.TILE_TABLE, group.name()))
            .putInt(CudaLayout.Group.TILE_COUNT, tiling.tileCount())
            .putInt(CudaLayout.Group.SEGMENT_COUNT, tiling.segmentCount());
  }

  private ByteBuffer segments(Set<String> frozen) {
    ByteBuffer all = CudaLayout.buffer((long) parameters.size() * CudaLayout.Segment.SIZE);
    for (int s = 0; s < parameters.size(); s++) {
      Parameter p = parameters.get(s);
      StructWriter.putSegment(
          all,
          s * CudaLayout.Segment.SIZE,
          arraysOf(p),
          p.count(),
          tiling.firstTile(s),
          frozen.contains(p.name()) ? 0 : tiling.tileCount(s));
    }
    return all;
  }

  /** Kernels that exchange gradients and weights need no state. */
  private static StructWriter.SegmentArrays arraysOf(Parameter parameter) {
    DeviceParameter p = (DeviceParameter) parameter;
    long weights = p.hasMaster() ? 0 : p.weights().address();
    return new StructWriter.SegmentArrays(weights, StructWriter.model(p), p.gradients(), 0, 0);
  }

  /** The {@code Group} for kernels. */
  ByteBuffer table() {
    return table;
  }

  int tileCount() {
    return tiling.tileCount();
  }

  /** Marks frozen parameters, and waits. */
  void setFrozen(Set<String> names) {
    ByteBuffer all = segments(names);
    if (all.hasRemaining()) {
      driver.copyToDevice(segments, all, stream);
    }
  }

  /** Enqueues storing the addresses that differ. */
  void move(List<Parameter> moved, ArrayMoves moves) {
    for (int s = 0; s < moved.size(); s++) {
      if (moved.get(s) != parameters.get(s)) {
        StructWriter.moveSegment(
            moves,
            segments + (long) s * CudaLayout.Segment.SIZE,
            segment(parameters.get(s), s),
            segment(moved.get(s), s));
      }
    }
    parameters = moved;
  }

  private ByteBuffer segment(Parameter p, int s) {
    return StructWriter.segment(arraysOf(p), p.count(), tiling.firstTile(s), tiling.tileCount(s));
  }
}
