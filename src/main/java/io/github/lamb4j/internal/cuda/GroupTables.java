package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import java.nio.ByteBuffer;
import java.util.List;

/** Uploads the tables of one group and writes the {@code Group} that the kernels take. */
final class GroupTables {

  private final DeviceArrays arrays;
  private final ParameterGroup group;
  private final Tiling tiling;
  private final boolean ownsSums;

  /**
   * Uploads nothing yet.
   *
   * @param ownsSums whether the group has its own memory for the sums of its tiles
   */
  GroupTables(DeviceArrays arrays, ParameterGroup group, Tiling tiling, boolean ownsSums) {
    this.ownsSums = ownsSums;
    this.arrays = arrays;
    this.group = group;
    this.tiling = tiling;
  }

  /**
   * Allocates and uploads the tables.
   *
   * @param report holds the group's norms and step state, at {@code index}
   * @param gradientSums the address of the segments' sums of g^2
   * @param hyperparameters the address of the group's {@code Hyperparameters}
   */
  ByteBuffer upload(
      GroupState state, ReportBlock report, int index, long gradientSums, long hyperparameters) {
    int tiles = tiling.tileCount();
    boolean lans = group.hyperparameters().updateRule() == UpdateRule.LANS;
    return CudaLayout.buffer(CudaLayout.Group.SIZE)
        .putLong(CudaLayout.Group.SEGMENTS, uploadSegments(state, tiling))
        .putLong(CudaLayout.Group.TILE_SEGMENTS, uploadTileSegments())
        .putLong(CudaLayout.Group.PARTIALS, ownsSums ? allocateSums(tiles, CudaLayout.PARTIAL) : 0)
        .putLong(
            CudaLayout.Group.GRADIENT_PARTIALS,
            lans && ownsSums ? allocateSums(tiles, Double.BYTES) : 0)
        .putLong(CudaLayout.Group.NORMS, report.norms(index))
        .putLong(CudaLayout.Group.GRADIENT_SUMS, gradientSums)
        .putLong(CudaLayout.Group.HYPERPARAMETERS, hyperparameters)
        .putLong(CudaLayout.Group.STATE, report.state(index))
        .putInt(CudaLayout.Group.TILE_COUNT, tiles)
        .putInt(CudaLayout.Group.SEGMENT_COUNT, tiling.segmentCount());
  }

  private long allocateSums(int tiles, int bytesEach) {
    return arrays.allocate((long) tiles * bytesEach, Purpose.PARTIAL_SUMS, "group " + group.name());
  }

  private long uploadSegments(GroupState state, Tiling tiles) {
    List<Parameter> parameters = group.parameters();
    ByteBuffer table = CudaLayout.buffer((long) parameters.size() * CudaLayout.Segment.SIZE);
    for (int s = 0; s < parameters.size(); s++) {
      DeviceParameter p = (DeviceParameter) parameters.get(s);
      StructWriter.putSegment(
          table,
          s * CudaLayout.Segment.SIZE,
          arraysOf(p, s, state),
          p.count(),
          tiles.firstTile(s),
          tiles.tileCount(s));
    }
    return arrays.upload(table, Purpose.SEGMENT_TABLE, group.name());
  }

  /** A copy of the tables with segments that have the tiles of whole parameters. */
  ByteBuffer ofWholes(ByteBuffer tables, GroupState state, Tiling whole) {
    ByteBuffer copy = CudaLayout.buffer(CudaLayout.Group.SIZE);
    copy.put(0, tables, 0, CudaLayout.Group.SIZE);
    return copy.putLong(CudaLayout.Group.SEGMENTS, uploadSegments(state, whole));
  }

  /** One segment of the table, for comparison. */
  static ByteBuffer segment(DeviceParameter p, int s, GroupState state, Tiling tiling) {
    return StructWriter.segment(
        arraysOf(p, s, state), p.count(), tiling.firstTile(s), tiling.tileCount(s));
  }

  private static StructWriter.SegmentArrays arraysOf(DeviceParameter p, int s, GroupState state) {
    boolean master = p.hasMaster();
    return new StructWriter.SegmentArrays(
        master ? state.address(s, StateArray.MASTER, 0) : p.weights().address(),
        StructWriter.model(p),
        p.gradients(),
        state.address(s, StateArray.FIRST_MOMENT, 0),
        state.address(s, StateArray.SECOND_MOMENT, 0));
  }

  private long uploadTileSegments() {
    return arrays.upload(tileSegments(tiling), Purpose.TILE_TABLE, group.name());
  }

  static ByteBuffer tileSegments(Tiling tiling) {
    ByteBuffer table = CudaLayout.buffer((long) tiling.tileCount() * Integer.BYTES);
    for (int tile = 0; tile < tiling.tileCount(); tile++) {
      table.putInt(tiling.segmentOf(tile));
    }
    return table.flip();
  }

  /**
   * Changes tables to a tiling of fewer tiles than they were made for, or of as many. Waits.
   *
   * @param tables the {@code Group} from {@link #upload}
   */
  static void retile(CudaDriver driver, CudaStream stream, ByteBuffer tables, Tiling tiling) {
    retileSegments(driver, stream, tables, tiling);
    ByteBuffer tiles = tileSegments(tiling);
    if (tiles.hasRemaining()) {
      driver.copyToDevice(tables.getLong(CudaLayout.Group.TILE_SEGMENTS), tiles, stream);
    }
    tables.putInt(CudaLayout.Group.TILE_COUNT, tiling.tileCount());
  }

  /** Changes only the tiles of the segments, for kernels that take one segment at a time. */
  static void retileSegments(
      CudaDriver driver, CudaStream stream, ByteBuffer tables, Tiling tiling) {
    long address = tables.getLong(CudaLayout.Group.SEGMENTS);
    ByteBuffer segments = CudaLayout.buffer((long) tiling.segmentCount() * CudaLayout.Segment.SIZE);
    driver.copyToHost(segments.duplicate(), address, stream);
    for (int s = 0; s < tiling.segmentCount(); s++) {
      int at = s * CudaLayout.Segment.SIZE;
      segments.putInt(at + CudaLayout.Segment.FIRST_TILE, tiling.firstTile(s));
      segments.putInt(at + CudaLayout.Segment.TILE_COUNT, tiling.tileCount(s));
    }
    driver.copyToDevice(address, segments, stream);
  }
}
