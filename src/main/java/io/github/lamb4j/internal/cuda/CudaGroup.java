package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/** One parameter group on the device: its state, its tables and its launches. */
final class CudaGroup {

  final boolean lans;
  private final CudaDriver driver;
  private final CudaStream stream;
  private final Tiling tiling;
  private final long segments;
  private List<Parameter> parameters;
  private final GroupState state;
  private final ByteBuffer tables;

  /** Null if the group takes two passes. */
  private final WindowTables window;

  private final CudaDriver.Launch gradientNormTiles;
  private final CudaDriver.Launch gradientNormSegments;

  /** The launches after {@code begin_step}, in order. */
  private final List<CudaDriver.Launch> passes;

  /**
   * Allocates the state, uploads the tables and prepares the launches.
   *
   * @param index the group's index
   * @param gradientSums the address of this group's sums of g^2, one per segment
   * @param hyperparameters the address of the group's {@code Hyperparameters}
   * @param path the path to take; LANS always takes two passes
   */
  CudaGroup(
      Launcher launcher,
      DeviceArrays arrays,
      ParameterGroup group,
      int index,
      ReportBlock report,
      long gradientSums,
      long hyperparameters,
      StepPath path) {
    driver = launcher.driver();
    stream = launcher.stream();
    parameters = group.parameters();
    lans = group.hyperparameters().updateRule() == UpdateRule.LANS;
    state = new GroupState(arrays, group);
    tiling = Tiling.of(group.counts());
    tables =
        new GroupTables(arrays, group, tiling)
            .upload(state, report, index, gradientSums, hyperparameters);
    segments = tables.getLong(CudaLayout.Group.SEGMENTS);
    Window held = launcher.window();
    window =
        !lans && held.isChosen(path, group.hyperparameters().isAdapted(), tiling)
            ? new WindowTables(arrays, group.name(), tiling, held.slots())
            : null;

    int tiles = tiling.tileCount();
    int segmentCount = tiling.segmentCount();
    gradientNormTiles = launcher.prepare(LaunchPolicy.GRADIENT_NORM_TILES, tiles, tables);
    gradientNormSegments =
        launcher.prepare(LaunchPolicy.GRADIENT_NORM_SEGMENTS, segmentCount, tables);
    passes =
        window != null
            ? List.of(launcher.prepareSinglePass(tiles, tables, window.argument()))
            : twoPasses(launcher, tables, tiles, segmentCount);
  }

  private List<CudaDriver.Launch> twoPasses(
      Launcher launcher, ByteBuffer tables, int tiles, int segments) {
    CudaDriver.Launch trustRatio = launcher.prepare(LaunchPolicy.TRUST_RATIO, segments, tables);
    if (lans) {
      return List.of(
          launcher.prepare(LaunchPolicy.LANS_MOMENTS, tiles, tables),
          trustRatio,
          launcher.prepare(LaunchPolicy.LANS_TRUST_RATIO, segments, tables),
          launcher.prepare(LaunchPolicy.LANS_APPLY, tiles, tables));
    }
    return List.of(
        launcher.prepare(LaunchPolicy.MOMENTS, tiles, tables),
        trustRatio,
        launcher.prepare(LaunchPolicy.APPLY, tiles, tables));
  }

  /** Enqueues the initialization of all masters: the half-precision weights, widened. */
  void beginMasters(Accumulation accumulation) {
    for (int s = 0; s < parameters.size(); s++) {
      DeviceParameter p = (DeviceParameter) parameters.get(s);
      if (p.hasMaster()) {
        accumulation.replace(state.address(s, StateArray.MASTER, 0), p.weights(), p.count());
      }
    }
  }

  /** The device address of one element of the state. */
  long address(int segment, StateArray array, long element) {
    return state.address(segment, array, element);
  }

  /** Enqueues storing the addresses that differ. */
  void move(List<Parameter> moved, ArrayMoves moves) {
    for (int s = 0; s < moved.size(); s++) {
      if (moved.get(s) != parameters.get(s)) {
        StructWriter.moveSegment(
            moves,
            segments + (long) s * CudaLayout.Segment.SIZE,
            GroupTables.segment((DeviceParameter) parameters.get(s), s, state, tiling),
            GroupTables.segment((DeviceParameter) moved.get(s), s, state, tiling));
      }
    }
    parameters = moved;
  }

  /** Enqueues the sums of squared gradients. */
  void sumGradients(CudaStream stream) {
    gradientNormTiles.enqueue(stream);
    gradientNormSegments.enqueue(stream);
  }

  /** Enqueues everything after {@code begin_step}. */
  void finishStep(CudaStream stream) {
    for (int i = 0; i < passes.size(); i++) { // an iterator would be allocated
      passes.get(i).enqueue(stream);
    }
  }

  /**
   * Treats the frozen segments as if they were empty, and waits. The grids stay those of all tiles:
   * results do not depend on them.
   *
   * @param index the group's index
   */
  void setFrozen(Set<String> frozen, ReportBlock report, int index) {
    long[] counts = new long[parameters.size()];
    for (int s = 0; s < counts.length; s++) {
      if (frozen.contains(parameters.get(s).name())) {
        report.clearNorms(index, s);
      } else {
        counts[s] = parameters.get(s).count();
      }
    }
    GroupTables.retile(driver, stream, tables, Tiling.of(counts));
    setStep(report.step(index)); // a word that was not in use may have any earlier tag
  }

  /** Adapts the group to a step count that was set, and waits. */
  void setStep(long step) {
    if (window != null) {
      window.setStep(driver, stream, step);
    }
  }
}
