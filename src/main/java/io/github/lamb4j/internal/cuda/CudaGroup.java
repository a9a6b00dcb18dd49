package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import java.nio.ByteBuffer;
import java.util.List;

/** One parameter group on the device: its tables, its moments and its launches. */
final class CudaGroup {

  /** Elements that a segment's state starts at a multiple of, so that it is always aligned. */
  private static final int ALIGNMENT = 4;

  private static final DeviceArray NO_MODEL = new DeviceArray(0, DType.F16);

  final boolean lans;
  private final CudaDriver driver;
  private final CudaStream stream;
  private final String name;
  private final List<Parameter> parameters;
  private final long[] momentOffsets;
  private final long[] masterOffsets;
  private final long expAvg;
  private final long expAvgSq;
  private final long master;
  private final long rates;
  private final ByteBuffer learningRate = CudaLayout.buffer(Double.BYTES);
  private final ByteBuffer rateStep = CudaLayout.buffer(Long.BYTES);

  private final CudaDriver.Launch gradientNormTiles;
  private final CudaDriver.Launch gradientNormSegments;

  /** The launches of a step, in order. */
  private final CudaDriver.Launch[] step;

  /** The single pass's words, which say for which step a segment is ready; 0 on two passes. */
  private final long ready;

  /**
   * Builds tables and launches.
   *
   * @param index the group's own
   * @param gradientSums where this group's segments put their sums of g^2
   * @param path one pass, two, or whichever suits the device; LANS takes two
   */
  CudaGroup(
      Launcher launcher,
      DeviceArrays arrays,
      ParameterGroup group,
      int index,
      ReportBlock report,
      long gradientSums,
      StepPath path) {
    driver = launcher.driver();
    stream = launcher.stream();
    name = group.name();
    parameters = group.parameters();
    lans = group.hyperparameters().updateRule() == UpdateRule.LANS;
    momentOffsets = offsets(parameters, false);
    masterOffsets = offsets(parameters, true);
    long momentBytes = momentOffsets[parameters.size()] * Float.BYTES;
    expAvg = arrays.allocateZeros(momentBytes, Purpose.FIRST_MOMENTS, name);
    expAvgSq = arrays.allocateZeros(momentBytes, Purpose.SECOND_MOMENTS, name);
    master = arrays.allocate(masterOffsets[parameters.size()] * Float.BYTES, Purpose.MASTERS, name);
    rates = arrays.allocateZeros((long) Rates.KEPT * Double.BYTES, Purpose.LEARNING_RATES, name);
    Tiling tiling = Tiling.of(group.counts());
    int tiles = tiling.tileCount();
    ByteBuffer hyperparameters = CudaLayout.buffer(CudaLayout.HYPERPARAMETERS);
    CudaLayout.putHyperparameters(hyperparameters, group.hyperparameters());
    ByteBuffer tables =
        CudaLayout.buffer(CudaLayout.GROUP)
            .putLong(uploadSegments(arrays, tiling))
            .putLong(uploadTiles(arrays, tiling))
            .putLong(arrays.allocate((long) tiles * CudaLayout.PARTIAL, Purpose.PARTIAL_SUMS, name))
            .putLong(
                lans ? arrays.allocate((long) tiles * Double.BYTES, Purpose.PARTIAL_SUMS, name) : 0)
            .putLong(report.norms(index))
            .putLong(gradientSums)
            .putLong(arrays.upload(hyperparameters, Purpose.HYPERPARAMETERS, name))
            .putLong(report.state(index))
            .putLong(rates)
            .putInt(tiles)
            .putInt(parameters.size());

    gradientNormTiles = launcher.prepare(LaunchPolicy.GRADIENT_NORM_TILES, tiles, tables);
    gradientNormSegments =
        launcher.prepare(LaunchPolicy.GRADIENT_NORM_SEGMENTS, parameters.size(), tables);
    CudaDriver.Launch beginStep =
        launcher.prepare(
            LaunchPolicy.BEGIN_STEP,
            1,
            tables,
            learningRate,
            rateStep,
            CudaLayout.buffer(Long.BYTES).putLong(0, report.control()));
    if (!lans && launcher.window().isChosen(path, group.hyperparameters().isAdapted(), tiling)) {
      ready =
          arrays.allocateZeros((long) parameters.size() * Long.BYTES, Purpose.READY_WORDS, name);
      step =
          new CudaDriver.Launch[] {
            beginStep,
            launcher.prepareSinglePass(
                tiles, tables, windowTables(arrays, tiles, launcher.window().slots()))
          };
    } else {
      ready = 0;
      step = twoPasses(launcher, tables, tiles, beginStep);
    }
  }

  private CudaDriver.Launch[] twoPasses(
      Launcher launcher, ByteBuffer tables, int tiles, CudaDriver.Launch beginStep) {
    CudaDriver.Launch trustRatio =
        launcher.prepare(LaunchPolicy.TRUST_RATIO, parameters.size(), tables);
    if (lans) {
      return new CudaDriver.Launch[] {
        beginStep,
        launcher.prepare(LaunchPolicy.LANS_MOMENTS, tiles, tables),
        trustRatio,
        launcher.prepare(LaunchPolicy.LANS_TRUST_RATIO, parameters.size(), tables),
        launcher.prepare(LaunchPolicy.LANS_APPLY, tiles, tables)
      };
    }
    return new CudaDriver.Launch[] {
      beginStep,
      launcher.prepare(LaunchPolicy.MOMENTS, tiles, tables),
      trustRatio,
      launcher.prepare(LaunchPolicy.APPLY, tiles, tables)
    };
  }

  private ByteBuffer windowTables(DeviceArrays arrays, int tiles, int slots) {
    ByteBuffer tables = CudaLayout.buffer(CudaLayout.WINDOW);
    tables.putLong(arrays.allocateZeros(Integer.BYTES, Purpose.TICKET, name));
    tables.putLong(
        arrays.allocateZeros((long) parameters.size() * Integer.BYTES, Purpose.ARRIVALS, name));
    tables.putLong(ready);
    tables.putLong(arrays.allocate((long) tiles * Integer.BYTES, Purpose.DEFERRED_TILES, name));
    tables.putInt(slots).putInt(0);
    return tables;
  }

  private static long[] offsets(List<Parameter> parameters, boolean mastersAlone) {
    long[] offsets = new long[parameters.size() + 1];
    for (int s = 0; s < parameters.size(); s++) {
      Parameter parameter = parameters.get(s);
      long count = mastersAlone && !parameter.hasMaster() ? 0 : parameter.count();
      offsets[s + 1] = offsets[s] + (count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    return offsets;
  }

  private long uploadSegments(DeviceArrays arrays, Tiling tiling) {
    ByteBuffer table = CudaLayout.buffer((long) parameters.size() * CudaLayout.SEGMENT);
    for (int s = 0; s < parameters.size(); s++) {
      DeviceParameter p = (DeviceParameter) parameters.get(s);
      boolean own = p.hasMaster();
      CudaLayout.putSegment(
          table,
          new CudaLayout.Segment(
              own ? address(s, StateArray.MASTER, 0) : p.weights().address(),
              own ? p.weights() : p.modelCopy().orElse(NO_MODEL),
              p.gradients(),
              address(s, StateArray.FIRST_MOMENT, 0),
              address(s, StateArray.SECOND_MOMENT, 0)),
          p.count(),
          tiling.firstTile(s),
          tiling.tileCount(s));
    }
    return arrays.upload(table, Purpose.SEGMENT_TABLE, name);
  }

  private long uploadTiles(DeviceArrays arrays, Tiling tiling) {
    ByteBuffer table = CudaLayout.buffer((long) tiling.tileCount() * Integer.BYTES);
    for (int tile = 0; tile < tiling.tileCount(); tile++) {
      table.putInt(tiling.segmentOf(tile));
    }
    return arrays.upload(table, Purpose.TILE_TABLE, name);
  }

  /** Enqueues the beginning of every master: the half weights, exactly. */
  void beginMasters(Accumulation accumulation) {
    for (int s = 0; s < parameters.size(); s++) {
      DeviceParameter p = (DeviceParameter) parameters.get(s);
      if (p.hasMaster()) {
        accumulation.replace(address(s, StateArray.MASTER, 0), p.weights(), p.count());
      }
    }
  }

  /** The device address of an element's state. */
  long address(int segment, StateArray array, long offset) {
    long[] offsets = array == StateArray.MASTER ? masterOffsets : momentOffsets;
    long base =
        switch (array) {
          case FIRST_MOMENT -> expAvg;
          case SECOND_MOMENT -> expAvgSq;
          case MASTER -> master;
        };
    return base + (offsets[segment] + offset) * Float.BYTES;
  }

  void sumGradients() {
    gradientNormTiles.enqueue(stream);
    gradientNormSegments.enqueue(stream);
  }

  /** Enqueues the kernel that counts the step; nothing has changed before. */
  void beginStep(double rate, long stepOfRate) {
    learningRate.putDouble(0, rate);
    rateStep.putLong(0, stepOfRate);
    step[0].enqueue(stream);
  }

  /** Enqueues all that follows it. */
  void finishStep() {
    for (int i = 1; i < step.length; i++) {
      step[i].enqueue(stream);
    }
  }

  /** Puts the rates of steps to come into the table. */
  void prepareRates(long first, double[] values) {
    for (int i = 0; i < values.length; ) {
      int slot = (int) ((first + i) % Rates.KEPT);
      int run = Math.min(values.length - i, Rates.KEPT - slot);
      ByteBuffer piece = CudaLayout.buffer((long) run * Double.BYTES);
      for (int k = 0; k < run; k++) {
        piece.putDouble(values[i + k]);
      }
      driver.copyToDevice(rates + (long) slot * Double.BYTES, piece.flip(), stream);
      i += run;
    }
  }

  /** After the steps were set: the step's own number, so that the next is not found ready. */
  void setStep(long step) {
    if (ready != 0) {
      ByteBuffer words = CudaLayout.buffer((long) parameters.size() * Long.BYTES);
      while (words.hasRemaining()) {
        words.putLong(step << 32);
      }
      driver.copyToDevice(ready, words.flip(), stream);
    }
  }
}
