package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Tiling;
import java.nio.ByteBuffer;

/** The tables that the single pass needs beside those of its group. */
final class WindowTables {

  private final int segments;
  private final long ready;
  private final ByteBuffer argument = CudaLayout.buffer(CudaLayout.Window.SIZE);

  WindowTables(DeviceArrays arrays, String group, Tiling tiling, int slots) {
    segments = tiling.segmentCount();
    long counters = (long) segments * Integer.BYTES;
    long deferred = (long) tiling.tileCount() * Integer.BYTES;
    ready = arrays.allocateZeros((long) segments * Long.BYTES, Purpose.READY_WORDS, group);
    argument
        .putLong(
            CudaLayout.Window.TICKET, arrays.allocateZeros(Integer.BYTES, Purpose.TICKET, group))
        .putLong(
            CudaLayout.Window.ARRIVALS, arrays.allocateZeros(counters, Purpose.ARRIVALS, group))
        .putLong(CudaLayout.Window.READY, ready)
        .putLong(
            CudaLayout.Window.DEFERRED, arrays.allocate(deferred, Purpose.DEFERRED_TILES, group))
        .putInt(CudaLayout.Window.SLOTS, slots);
  }

  /** The {@code Window} that the kernel takes. */
  ByteBuffer argument() {
    return argument;
  }

  /** Marks every segment as ready for {@code step}, so that none is ready for the next one. */
  void setStep(CudaDriver driver, CudaStream stream, long step) {
    ByteBuffer words = CudaLayout.buffer((long) segments * Long.BYTES);
    while (words.hasRemaining()) {
      words.putLong(step << 32);
    }
    driver.copyToDevice(ready, words.flip(), stream);
  }
}
