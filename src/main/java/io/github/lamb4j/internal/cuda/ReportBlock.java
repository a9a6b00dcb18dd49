package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.BetaPower;
import io.github.lamb4j.internal.spi.ReportSink;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Everything that a step reports, in one piece of device memory so that one copy fetches it: a
 * {@code StepControl}, the {@code StepState} of each group, the {@code SegmentNorms} of each
 * segment.
 */
final class ReportBlock {

  private final CudaDriver driver;
  private final CudaStream stream;
  private final List<ParameterGroup> groups;
  private final long address;
  private final ByteBuffer copy;

  ReportBlock(
      CudaDriver driver, CudaStream stream, DeviceArrays arrays, List<ParameterGroup> groups) {
    this.driver = driver;
    this.stream = stream;
    this.groups = groups;
    copy = CudaLayout.buffer(normsOffset(groups.size()));
    writeInitialState(new long[groups.size()], 0);
    address = arrays.upload(copy, Purpose.REPORT, "all groups");
  }

  /** The address of the {@code StepControl}. */
  long control() {
    return address;
  }

  /** The address of a group's {@code StepState}. */
  long state(int group) {
    return address + stateOffset(group);
  }

  /** The address of a group's {@code SegmentNorms}. */
  long norms(int group) {
    return address + normsOffset(group);
  }

  private static int stateOffset(int group) {
    return CudaLayout.StepControl.SIZE + group * CudaLayout.StepState.SIZE;
  }

  private int firstNorms() {
    return stateOffset(groups.size());
  }

  private int normsOffset(int group) {
    int segments = groups.stream().limit(group).mapToInt(g -> g.parameters().size()).sum();
    return Math.toIntExact(firstNorms() + (long) segments * CudaLayout.SegmentNorms.SIZE);
  }

  private void writeInitialState(long[] steps, long skipped) {
    StructWriter.putStepControl(copy, 0, skipped);
    for (int g = 0; g < steps.length; g++) {
      Hyperparameters h = groups.get(g).hyperparameters();
      StructWriter.putStepState(
          copy,
          stateOffset(g),
          steps[g],
          BetaPower.after(steps[g], h.beta1()),
          BetaPower.after(steps[g], h.beta2()));
    }
    int end = copy.capacity();
    for (int at = firstNorms(); at < end; at += CudaLayout.SegmentNorms.SIZE) {
      StructWriter.putNoNorms(copy, at);
    }
  }

  /** Sets the step counts, in stream order, and forgets the last step's norms. Waits. */
  void setSteps(long[] steps, long skipped) {
    writeInitialState(steps, skipped);
    driver.copyToDevice(address, copy.clear(), stream);
  }

  /** Sets the last step whose learning rate is in a group's table. Waits. */
  void setKnownRates(int group, long last) {
    driver.copyToDevice(
        state(group) + CudaLayout.StepState.KNOWN_RATES, CudaLayout.argument(last), stream);
  }

  /** Reads a group's step count, and waits. */
  long step(int group) {
    ByteBuffer step = CudaLayout.buffer(Long.BYTES);
    driver.copyToHost(step, state(group) + CudaLayout.StepState.STEP, stream);
    return step.getLong(0);
  }

  /** Forgets the norms of one segment. Waits. */
  void clearNorms(int group, int segment) {
    ByteBuffer none = CudaLayout.buffer(CudaLayout.SegmentNorms.SIZE);
    StructWriter.putNoNorms(none, 0);
    driver.copyToDevice(norms(group) + (long) segment * CudaLayout.SegmentNorms.SIZE, none, stream);
  }

  /** Copies everything to the host, and waits. */
  void read(ReportSink sink) {
    driver.copyToHost(copy.clear(), address, stream);
    sink.step(
        copy.getDouble(CudaLayout.StepControl.NORM),
        copy.getDouble(CudaLayout.StepControl.DIVISOR),
        copy.getLong(CudaLayout.StepControl.SKIPPED),
        copy.getInt(CudaLayout.StepControl.HALTED) != 0);
    int norms = firstNorms();
    for (int g = 0; g < groups.size(); g++) {
      int state = stateOffset(g);
      int coefficients = state + CudaLayout.StepState.COEFFICIENTS;
      sink.group(
          g,
          copy.getLong(state + CudaLayout.StepState.STEP),
          copy.getDouble(state + CudaLayout.StepState.RATE),
          copy.getDouble(coefficients + CudaLayout.Coefficients.LEARNING_RATE));
      int segments = groups.get(g).parameters().size();
      for (int s = 0; s < segments; s++, norms += CudaLayout.SegmentNorms.SIZE) {
        readNorms(sink, g, s, norms);
      }
    }
  }

  private void readNorms(ReportSink sink, int group, int segment, int at) {
    sink.segment(
        group,
        segment,
        copy.getDouble(at + CudaLayout.SegmentNorms.WEIGHT_NORM),
        copy.getDouble(at + CudaLayout.SegmentNorms.UPDATE_NORM),
        copy.getDouble(at + CudaLayout.SegmentNorms.TRUST_RATIO),
        copy.getDouble(at + CudaLayout.SegmentNorms.GRADIENT_UPDATE_NORM),
        copy.getDouble(at + CudaLayout.SegmentNorms.GRADIENT_TRUST_RATIO));
  }
}
