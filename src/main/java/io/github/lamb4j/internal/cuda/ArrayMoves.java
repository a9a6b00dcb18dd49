package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import java.nio.ByteBuffer;

/** The launches of {@code kernels/move_arrays.cuh}: as few as the changed words need. */
final class ArrayMoves {

  private final Launcher launcher;
  private final ByteBuffer words = CudaLayout.buffer(CudaLayout.Moves.SIZE);
  private final CudaDriver.Launch launch;
  private int count;

  ArrayMoves(Launcher launcher) {
    this.launcher = launcher;
    launch = launcher.prepare(LaunchPolicy.MOVE_ARRAYS, 1, words);
  }

  /** Forgets words that were not stored because an earlier launch failed. */
  void begin() {
    count = 0;
  }

  /** Stores a word of device memory, at the latest when {@link #finish} is called. */
  void put(long address, long value) {
    if (count == CudaLayout.MOVES) {
      finish();
    }
    words.putLong(CudaLayout.Moves.ADDRESS + count * Long.BYTES, address);
    words.putLong(CudaLayout.Moves.VALUE + count * Long.BYTES, value);
    count++;
  }

  /** Enqueues the words that are not enqueued yet. */
  void finish() {
    if (count > 0) {
      words.putLong(CudaLayout.Moves.COUNT, count);
      count = 0;
      launch.enqueue(launcher.stream());
    }
  }
}
