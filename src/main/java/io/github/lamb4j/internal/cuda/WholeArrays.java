package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;

/**
 * The caller's arrays of one group's whole parameters, as {@code kernels/sharding.cuh} needs it.
 */
final class WholeArrays {

  private static final DeviceArray NONE = new DeviceArray(0, DType.F16);

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
      all.put(s * CudaLayout.Segment.SIZE, segment(s, frozen), 0, CudaLayout.Segment.SIZE);
    }
    return all;
  }

  private byte[] segment(int s, Set<String> frozen) {
    DeviceParameter p = (DeviceParameter) parameters.get(s);
    ByteBuffer segment =
        ByteBuffer.allocate(CudaLayout.Segment.SIZE).order(ByteOrder.nativeOrder());
    StructWriter.putSegment(
        segment,
        0,
        new StructWriter.SegmentArrays(
            p.hasMaster() ? 0 : p.weights().address(),
            p.hasMaster() ? p.weights() : p.modelCopy().orElse(NONE),
            p.gradients(),
            0,
            0),
        p.count(),
        tiling.firstTile(s),
        frozen.contains(p.name()) ? 0 : tiling.tileCount(s));
    return segment.array();
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
    List<Parameter> before = parameters;
    for (int s = 0; s < moved.size(); s++) {
      if (moved.get(s) != before.get(s)) {
        parameters = before;
        byte[] old = segment(s, Set.of());
        parameters = moved;
        StructWriter.moveSegment(
            moves,
            segments + (long) s * CudaLayout.Segment.SIZE,
            ByteBuffer.wrap(old).order(ByteOrder.nativeOrder()),
            ByteBuffer.wrap(segment(s, Set.of())).order(ByteOrder.nativeOrder()));
      }
    }
    parameters = moved;
  }
}
