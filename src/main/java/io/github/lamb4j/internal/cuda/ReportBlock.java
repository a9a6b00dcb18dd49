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
 * All that a step tells of itself, in one piece of device memory so that one copy fetches it: a
 * {@code StepControl}, each group's {@code StepState}, each segment's {@code SegmentNorms}.
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
    putBeginning(new long[groups.size()], 0);
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

  private static long stateOffset(int group) {
    return CudaLayout.STEP_CONTROL + (long) group * CudaLayout.STEP_STATE;
  }

  private long normsOffset(int group) {
    long segments = groups.stream().limit(group).mapToLong(g -> g.parameters().size()).sum();
    return stateOffset(groups.size()) + segments * CudaLayout.SEGMENT_NORMS;
  }

  private void putBeginning(long[] steps, long skipped) {
    copy.clear();
    CudaLayout.putStepControl(copy, skipped);
    for (int g = 0; g < steps.length; g++) {
      Hyperparameters h = groups.get(g).hyperparameters();
      CudaLayout.putStepState(
          copy,
          steps[g],
          BetaPower.after(steps[g], h.beta1()),
          BetaPower.after(steps[g], h.beta2()));
    }
    while (copy.hasRemaining()) {
      CudaLayout.putNoNorms(copy);
    }
  }

  /** Replaces all of it, in the stream's order: no step since these. */
  void setSteps(long[] steps, long skipped) {
    putBeginning(steps, skipped);
    driver.copyToDevice(address, copy.flip(), stream);
  }

  /** Says which is the last step whose learning rate a group knows. */
  void setKnownRates(int group, long last) {
    ByteBuffer word = CudaLayout.buffer(Long.BYTES).putLong(0, last);
    driver.copyToDevice(state(group) + Long.BYTES, word, stream);
  }

  /** Copies all of it to the host, and waits. */
  void read(ReportSink sink) {
    copy.clear();
    driver.copyToHost(copy, address, stream);
    sink.step(copy.getDouble(0), copy.getLong(16), copy.getInt(28) != 0);
    int at = (int) stateOffset(groups.size()); // the norms of the first group
    for (int g = 0; g < groups.size(); g++) {
      int state = (int) stateOffset(g);
      sink.group(g, copy.getLong(state), copy.getDouble(state + 32));
      int segments = groups.get(g).parameters().size();
      for (int s = 0; s < segments; s++, at += CudaLayout.SEGMENT_NORMS) {
        sink.segment(
            g,
            s,
            copy.getDouble(at),
            copy.getDouble(at + 8),
            copy.getDouble(at + 16),
            copy.getDouble(at + 24),
            copy.getDouble(at + 32));
      }
    }
  }
}
