package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The launches of {@code kernels/begin_step.cuh}: one for every {@link CudaLayout#GROUPS} groups.
 * Owns what only the start of a step reads: the hyperparameters and the learning rates.
 */
final class StepStart {

  private static final int GROUPS = CudaLayout.GROUPS;
  private static final long KEPT_BYTES = (long) Rates.KEPT * Double.BYTES;

  private final CudaDriver driver;
  private final CudaStream stream;
  private final int groupCount;
  private final long hyperparameters;

  /** Of each group in turn: step modulo {@link Rates#KEPT} to its rate. */
  private final long keptRates;

  private final List<ByteBuffer> nextRates = new ArrayList<>();
  private final List<CudaDriver.Launch> launches = new ArrayList<>();

  StepStart(
      Launcher launcher, DeviceArrays arrays, List<ParameterGroup> groups, ReportBlock report) {
    driver = launcher.driver();
    stream = launcher.stream();
    groupCount = groups.size();
    hyperparameters = upload(arrays, groups);
    keptRates = arrays.allocateZeros(groupCount * KEPT_BYTES, Purpose.LEARNING_RATES, "all groups");
    for (int first = 0; first < groupCount; first += GROUPS) {
      ByteBuffer next = CudaLayout.buffer(CudaLayout.NextRates.SIZE);
      next.putLong(CudaLayout.NextRates.COUNT, Math.min(GROUPS, groupCount - first));
      nextRates.add(next);
      launches.add(
          launcher.prepare(
              LaunchPolicy.BEGIN_STEP,
              1,
              next,
              CudaLayout.argument(report.state(first)),
              CudaLayout.argument(hyperparameters(first)),
              CudaLayout.argument(keptRates + first * KEPT_BYTES),
              CudaLayout.argument(report.control())));
    }
  }

  private static long upload(DeviceArrays arrays, List<ParameterGroup> groups) {
    ByteBuffer table = CudaLayout.buffer((long) groups.size() * CudaLayout.Hyperparameters.SIZE);
    for (int g = 0; g < groups.size(); g++) {
      StructWriter.putHyperparameters(
          table, g * CudaLayout.Hyperparameters.SIZE, groups.get(g).hyperparameters());
    }
    return arrays.upload(table, Purpose.HYPERPARAMETERS, "all groups");
  }

  /** The address of a group's {@code Hyperparameters}. */
  long hyperparameters(int group) {
    return hyperparameters + (long) group * CudaLayout.Hyperparameters.SIZE;
  }

  /**
   * Sets the learning rates for the next {@link #enqueueFirst} and {@link #enqueueOthers}.
   *
   * @param steps by group, the step to which its rate belongs
   */
  void setRates(double[] rates, long[] steps) {
    for (int g = 0; g < groupCount; g++) {
      setRate(g, rates[g], steps[g]);
    }
  }

  /** Lets the next step look up its rates among those of {@link #prepareRates}. */
  void usePreparedRates() {
    for (int g = 0; g < groupCount; g++) {
      setRate(g, 0, 0);
    }
  }

  private void setRate(int group, double rate, long step) {
    ByteBuffer next = nextRates.get(group / GROUPS);
    next.putDouble(CudaLayout.NextRates.LEARNING_RATE + group % GROUPS * Double.BYTES, rate);
    next.putLong(CudaLayout.NextRates.STEP + group % GROUPS * Long.BYTES, step);
  }

  /** Enqueues the first launch. If this fails, the step has not started. */
  void enqueueFirst(CudaStream on) {
    launches.get(0).enqueue(on);
  }

  /** Enqueues the launches that more than {@link CudaLayout#GROUPS} groups need. */
  void enqueueOthers(CudaStream on) {
    for (int i = 1; i < launches.size(); i++) {
      launches.get(i).enqueue(on);
    }
  }

  /** Stores the learning rates of consecutive future steps of a group, and waits. */
  void prepareRates(int group, long firstStep, double[] rates) {
    for (int i = 0; i < rates.length; ) {
      int slot = (int) ((firstStep + i) % Rates.KEPT);
      int run = Math.min(rates.length - i, Rates.KEPT - slot);
      ByteBuffer piece = CudaLayout.buffer((long) run * Double.BYTES);
      for (int k = 0; k < run; k++) {
        piece.putDouble(rates[i + k]);
      }
      long at = keptRates + group * KEPT_BYTES + (long) slot * Double.BYTES;
      driver.copyToDevice(at, piece.flip(), stream);
      i += run;
    }
  }
}
