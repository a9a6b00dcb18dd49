package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.model.DeviceArray;
import java.nio.ByteBuffer;

/** The launch of {@code kernels/accumulate.cuh}, with the arrays of one parameter at a time. */
final class Accumulation {

  private final Launcher launcher;
  private final ByteBuffer target = CudaLayout.buffer(Long.BYTES);
  private final ByteBuffer source = CudaLayout.buffer(Long.BYTES);
  private final ByteBuffer count = CudaLayout.buffer(Long.BYTES);
  private final ByteBuffer type = CudaLayout.buffer(Integer.BYTES);
  private final ByteBuffer replace = CudaLayout.buffer(Integer.BYTES);
  private final CudaDriver.Launch launch;

  Accumulation(Launcher launcher) {
    this.launcher = launcher;
    launch =
        launcher.prepare(
            LaunchPolicy.ACCUMULATE, Integer.MAX_VALUE, target, source, count, type, replace);
  }

  /** Enqueues {@code to = to + from}. */
  void add(long to, DeviceArray from, long elements) {
    enqueue(to, from, elements, false);
  }

  /** Enqueues {@code to = from}. */
  void replace(long to, DeviceArray from, long elements) {
    enqueue(to, from, elements, true);
  }

  private void enqueue(long to, DeviceArray from, long elements, boolean replacing) {
    target.putLong(0, to);
    source.putLong(0, from.address());
    count.putLong(0, elements);
    type.putInt(0, CudaLayout.dtype(from.type()));
    replace.putInt(0, replacing ? 1 : 0);
    launch.enqueue(launcher.stream());
  }
}
