package io.github.lamb4j.cuda;

import io.github.lamb4j.DeviceParameter;
import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.Moment;
import io.github.lamb4j.Parameter;
import io.github.lamb4j.ParameterGroup;
import io.github.lamb4j.StepPath;
import io.github.lamb4j.core.BetaPower;
import io.github.lamb4j.core.Tiling;
import java.nio.ByteBuffer;
import java.util.List;
import jcuda.driver.CUstream;

/** One parameter group on the device: its tables, its moments and its launches. */
final class CudaGroup {

  /** Elements that a segment's moments start at a multiple of, so that they are always aligned. */
  private static final int MOMENT_ALIGNMENT = 4;

  final int segmentCount;
  private final CudaDriver driver;
  private final CUstream stream;
  private final Hyperparameters hyperparameters;
  private final long[] momentOffsets;
  private final long expAvg;
  private final long expAvgSq;
  private final long norms;
  private final long state;
  private final ByteBuffer learningRate = CudaLayout.buffer(Double.BYTES);

  private final CudaDriver.Launch gradientNormTiles;
  private final CudaDriver.Launch gradientNormSegments;

  /** The launches of a step, in order. */
  private final CudaDriver.Launch[] step;

  /** The single pass's words, which say for which step a segment is ready; 0 on two passes. */
  private final long ready;

  /**
   * Builds tables and launches.
   *
   * @param gradientSums where this group's segments put their sums of g^2
   * @param path one pass, two, or whichever suits the device
   * @param gradientScale a {@code GradientScale}, or 0 if nothing clips
   */
  CudaGroup(
      Launcher launcher,
      DeviceArrays arrays,
      ParameterGroup group,
      long gradientSums,
      long gradientScale,
      StepPath path) {
    driver = launcher.driver();
    stream = launcher.stream();
    hyperparameters = group.hyperparameters();
    List<Parameter> parameters = group.parameters();
    segmentCount = parameters.size();
    momentOffsets = momentOffsets(parameters);
    long momentBytes = momentOffsets[segmentCount] * Float.BYTES;
    expAvg = arrays.allocateZeros(momentBytes, "first moments of group " + group.name());
    expAvgSq = arrays.allocateZeros(momentBytes, "second moments of group " + group.name());
    Tiling tiling = Tiling.of(group);
    long segments = uploadSegments(arrays, parameters, tiling);
    long tileSegments = uploadTiles(arrays, tiling);
    long partials = arrays.allocate((long) tiling.tileCount() * CudaLayout.PARTIAL, "partial sums");
    norms = uploadNoNorms(arrays);
    ByteBuffer hyper = CudaLayout.buffer(CudaLayout.HYPERPARAMETERS);
    CudaLayout.putHyperparameters(hyper, hyperparameters);
    long hyperparameterAddress = arrays.upload(hyper, "hyperparameters");
    state = arrays.upload(stateAfter(0), "step state");

    ByteBuffer tables = CudaLayout.buffer(CudaLayout.GROUP);
    tables
        .putLong(segments)
        .putLong(tileSegments)
        .putLong(partials)
        .putLong(norms)
        .putLong(gradientSums);
    tables
        .putLong(hyperparameterAddress)
        .putLong(state)
        .putInt(tiling.tileCount())
        .putInt(segmentCount);
    ByteBuffer scale = CudaLayout.buffer(Long.BYTES).putLong(0, gradientScale);

    int tiles = tiling.tileCount();
    gradientNormTiles = launcher.prepare(LaunchPolicy.GRADIENT_NORM_TILES, tiles, tables);
    gradientNormSegments =
        launcher.prepare(LaunchPolicy.GRADIENT_NORM_SEGMENTS, segmentCount, tables);
    CudaDriver.Launch beginStep =
        launcher.prepare(LaunchPolicy.BEGIN_STEP, 1, tables, learningRate, scale);
    Window window = launcher.window();
    if (window.isChosen(path, hyperparameters.layerAdaptation(), tiling)) {
      ready = arrays.allocateZeros((long) segmentCount * Long.BYTES, "ready words");
      step =
          new CudaDriver.Launch[] {
            beginStep,
            launcher.prepareSinglePass(tiles, tables, windowTables(arrays, tiles, window.slots()))
          };
    } else {
      ready = 0;
      step =
          new CudaDriver.Launch[] {
            beginStep,
            launcher.prepare(LaunchPolicy.MOMENTS, tiles, tables),
            launcher.prepare(LaunchPolicy.TRUST_RATIO, segmentCount, tables),
            launcher.prepare(LaunchPolicy.APPLY, tiles, tables)
          };
    }
  }

  private ByteBuffer windowTables(DeviceArrays arrays, int tiles, int slots) {
    ByteBuffer tables = CudaLayout.buffer(CudaLayout.WINDOW);
    tables.putLong(arrays.allocateZeros(Integer.BYTES, "ticket"));
    tables.putLong(arrays.allocateZeros((long) segmentCount * Integer.BYTES, "arrivals"));
    tables.putLong(ready);
    tables.putLong(arrays.allocate((long) tiles * Integer.BYTES, "deferred tiles"));
    tables.putInt(slots).putInt(0);
    return tables;
  }

  private long uploadNoNorms(DeviceArrays arrays) {
    ByteBuffer table = CudaLayout.buffer((long) segmentCount * CudaLayout.SEGMENT_NORMS);
    for (int s = 0; s < segmentCount; s++) {
      CudaLayout.putNoNorms(table);
    }
    return arrays.upload(table, "norms");
  }

  private static long[] momentOffsets(List<Parameter> parameters) {
    long[] offsets = new long[parameters.size() + 1];
    for (int s = 0; s < parameters.size(); s++) {
      long count = parameters.get(s).count();
      long padded = (count + MOMENT_ALIGNMENT - 1) / MOMENT_ALIGNMENT * MOMENT_ALIGNMENT;
      offsets[s + 1] = offsets[s] + padded;
    }
    return offsets;
  }

  private long uploadSegments(DeviceArrays arrays, List<Parameter> parameters, Tiling tiling) {
    ByteBuffer table = CudaLayout.buffer((long) segmentCount * CudaLayout.SEGMENT);
    for (int s = 0; s < segmentCount; s++) {
      DeviceParameter p = (DeviceParameter) parameters.get(s);
      CudaLayout.putSegment(
          table,
          p.weights(),
          p.gradients(),
          moment(s, Moment.FIRST, 0),
          moment(s, Moment.SECOND, 0),
          p.count(),
          tiling.firstTile(s),
          tiling.tileCount(s),
          p.gradientType());
    }
    return arrays.upload(table, "segment table");
  }

  private static long uploadTiles(DeviceArrays arrays, Tiling tiling) {
    ByteBuffer table = CudaLayout.buffer((long) tiling.tileCount() * Integer.BYTES);
    for (int tile = 0; tile < tiling.tileCount(); tile++) {
      table.putInt(tiling.segmentOf(tile));
    }
    return arrays.upload(table, "tile table");
  }

  private ByteBuffer stateAfter(long step) {
    ByteBuffer buffer = CudaLayout.buffer(CudaLayout.STEP_STATE);
    CudaLayout.putStepState(
        buffer,
        step,
        BetaPower.after(step, hyperparameters.beta1()),
        BetaPower.after(step, hyperparameters.beta2()));
    return buffer;
  }

  /** The device address of an element's moment. */
  long moment(int segment, Moment moment, long offset) {
    long base = moment == Moment.FIRST ? expAvg : expAvgSq;
    return base + (momentOffsets[segment] + offset) * Float.BYTES;
  }

  void sumGradients() {
    gradientNormTiles.enqueue(stream);
    gradientNormSegments.enqueue(stream);
  }

  void step(double rate) {
    learningRate.putDouble(0, rate);
    for (CudaDriver.Launch launch : step) {
      launch.enqueue(stream);
    }
  }

  void setStep(long step) {
    driver.copyToDevice(state, stateAfter(step).flip(), stream);
    if (ready != 0) {
      // The step's own number: the next step, taken before or not, must not find itself ready.
      ByteBuffer words = CudaLayout.buffer((long) segmentCount * Long.BYTES);
      while (words.hasRemaining()) {
        words.putLong(step << 32);
      }
      driver.copyToDevice(ready, words.flip(), stream);
    }
  }

  /** The last step's norms, segment after segment. */
  ByteBuffer readNorms() {
    ByteBuffer table = CudaLayout.buffer((long) segmentCount * CudaLayout.SEGMENT_NORMS);
    driver.copyToHost(table, norms, stream);
    return table;
  }
}
