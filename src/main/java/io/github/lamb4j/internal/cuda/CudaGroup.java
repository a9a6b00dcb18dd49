package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.internal.spi.BackendSettings;
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
  private final StepExchange exchange;
  private final int index;
  private final ByteBuffer tables;

  /** For kernels that take one segment at a time: with the tiles of whole parameters. */
  private final ByteBuffer segmentTables;

  /** Null unless the group takes the single pass. */
  private final WindowTables window;

  private final CudaDriver.Launch gradientNormTiles;
  private final CudaDriver.Launch gradientNormSegments;

  /** The launches after {@code begin_step}, in order. */
  private final List<CudaDriver.Launch> firstPass;

  /** The launches that follow once the sums of all tiles are complete; none in a single pass. */
  private final List<CudaDriver.Launch> secondPass;

  /**
   * Allocates the state, uploads the tables and prepares the launches.
   *
   * @param index the group's index
   * @param gradientSums the address of this group's sums of g^2, one per segment
   * @param hyperparameters the address of the group's {@code Hyperparameters}
   * @param settings the path of groups with layer adaptation, and the reported norms; fragments
   *     never take the single pass
   * @param exchange completes the sums of tiles
   */
  CudaGroup(
      Launcher launcher,
      DeviceArrays arrays,
      ParameterGroup group,
      int index,
      ReportBlock report,
      long gradientSums,
      long hyperparameters,
      BackendSettings settings,
      StepExchange exchange) {
    this.exchange = exchange;
    this.index = index;
    driver = launcher.driver();
    stream = launcher.stream();
    parameters = group.parameters();
    lans = group.hyperparameters().updateRule() == UpdateRule.LANS;
    state = new GroupState(arrays, group);
    tiling = Tiling.of(group.counts());
    GroupTables upload = new GroupTables(arrays, group, tiling, !exchange.isNeeded());
    tables = upload.upload(state, report, index, gradientSums, hyperparameters);
    segmentTables = exchange.isNeeded() ? upload.ofWholes(tables, state, whole(Set.of())) : tables;
    placeSums();
    segments = tables.getLong(CudaLayout.Group.SEGMENTS);
    boolean adapted = group.hyperparameters().isAdapted();
    Window held = launcher.window();
    window =
        !lans && adapted && !exchange.isNeeded() && held.isChosen(settings.path(), tiling)
            ? new WindowTables(arrays, group.name(), tiling, held.slots())
            : null;

    int tiles = tiling.tileCount();
    int segmentCount = tiling.segmentCount();
    gradientNormTiles = launcher.prepare(LaunchPolicy.GRADIENT_NORM_TILES, tiles, tables);
    gradientNormSegments =
        launcher.prepare(LaunchPolicy.GRADIENT_NORM_SEGMENTS, segmentCount, segmentTables);
    if (window != null) {
      firstPass = List.of(launcher.prepareSinglePass(tiles, tables, window.argument()));
      secondPass = List.of();
    } else if (adapted || lans) {
      LaunchPolicy moments = lans ? LaunchPolicy.LANS_MOMENTS : LaunchPolicy.MOMENTS;
      firstPass = List.of(launcher.prepare(moments, tiles, tables));
      secondPass = secondPass(launcher, tiles, segmentCount);
    } else {
      boolean norms = settings.norms().include(group.hyperparameters());
      LaunchPolicy step = norms ? LaunchPolicy.UNADAPTED_NORMS : LaunchPolicy.UNADAPTED;
      firstPass = List.of(launcher.prepare(step, tiles, tables));
      // The trust ratio is known to be 1. Its kernel runs only for the norms of a report.
      secondPass =
          norms
              ? List.of(launcher.prepare(LaunchPolicy.TRUST_RATIO, segmentCount, segmentTables))
              : List.of();
    }
  }

  private List<CudaDriver.Launch> secondPass(Launcher launcher, int tiles, int segmentCount) {
    CudaDriver.Launch trustRatio =
        launcher.prepare(LaunchPolicy.TRUST_RATIO, segmentCount, segmentTables);
    if (lans) {
      return List.of(
          trustRatio,
          launcher.prepare(LaunchPolicy.LANS_TRUST_RATIO, segmentCount, segmentTables),
          launcher.prepare(LaunchPolicy.LANS_APPLY, tiles, tables));
    }
    return List.of(trustRatio, launcher.prepare(LaunchPolicy.APPLY, tiles, tables));
  }

  private Tiling whole(Set<String> frozen) {
    long[] counts = new long[parameters.size()];
    for (int s = 0; s < counts.length; s++) {
      Parameter p = parameters.get(s);
      counts[s] = frozen.contains(p.name()) ? 0 : exchange.wholeCount(index, s, p.count());
    }
    return Tiling.of(counts);
  }

  /** Sets the addresses of the tiles' sums, which are outside the group if others own some. */
  private void placeSums() {
    if (exchange.isNeeded()) {
      placeSums(segmentTables, 0);
      placeSums(tables, exchange.firstTile(index));
    }
  }

  private void placeSums(ByteBuffer table, long firstTile) {
    table.putLong(
        CudaLayout.Group.PARTIALS, exchange.partials(index) + firstTile * CudaLayout.PARTIAL);
    table.putLong(
        CudaLayout.Group.GRADIENT_PARTIALS,
        exchange.gradientPartials(index) + firstTile * Double.BYTES);
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

  /** Enqueues the tiles' sums of squared gradients. */
  void sumGradientTiles(CudaStream stream) {
    gradientNormTiles.enqueue(stream);
  }

  /** Enqueues the segments' sums of squared gradients, from those of their tiles. */
  void sumGradientSegments(CudaStream stream) {
    gradientNormSegments.enqueue(stream);
  }

  /** Enqueues what follows {@code begin_step}, up to the sums of all tiles. */
  void enqueueFirstPass(CudaStream stream) {
    enqueue(firstPass, stream);
  }

  /** Enqueues what needs the sums of all tiles. */
  void enqueueSecondPass(CudaStream stream) {
    enqueue(secondPass, stream);
  }

  private static void enqueue(List<CudaDriver.Launch> launches, CudaStream stream) {
    for (int i = 0; i < launches.size(); i++) { // an iterator would be allocated
      launches.get(i).enqueue(stream);
    }
  }

  /**
   * Treats the frozen segments as if they were empty, and waits. The grids stay those of all tiles:
   * results do not depend on them.
   */
  void setFrozen(Set<String> frozen, ReportBlock report) {
    long[] counts = new long[parameters.size()];
    for (int s = 0; s < counts.length; s++) {
      if (frozen.contains(parameters.get(s).name())) {
        report.clearNorms(index, s);
      } else {
        counts[s] = parameters.get(s).count();
      }
    }
    GroupTables.retile(driver, stream, tables, Tiling.of(counts));
    if (exchange.isNeeded()) {
      GroupTables.retileSegments(driver, stream, segmentTables, whole(frozen));
      placeSums();
    }
    setStep(report.step(index)); // a word that was not in use may have any earlier tag
  }

  /** Adapts the group to a step count that was set, and waits. */
  void setStep(long step) {
    if (window != null) {
      window.setStep(driver, stream, step);
    }
  }
}
