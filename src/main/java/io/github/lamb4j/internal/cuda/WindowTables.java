package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Tiling;
import java.nio.ByteBuffer;

/** The tables that the single pass needs beside those of its group. */
final class WindowTables {

  /** Limits the host memory of {@link #setStep}. */
  private static final int WORDS_AT_ONCE = 1 << 16;

  /** The tagged words: each tile's sums, then each segment's step size. */
  private final long words;

  private final long wordCount;
  private final ByteBuffer argument = CudaLayout.buffer(CudaLayout.Window.SIZE);

  WindowTables(DeviceArrays arrays, String group, Tiling tiling, int slots) {
    long sums = (long) tiling.tileCount() * CudaLayout.WORDS_PER_TILE;
    wordCount = sums + tiling.segmentCount();
    words = arrays.allocateZeros(wordCount * Long.BYTES, Purpose.TAGGED_WORDS, group);
    long counters = (long) tiling.segmentCount() * Integer.BYTES;
    long deferred = (long) tiling.tileCount() * Integer.BYTES;
    argument
        .putLong(
            CudaLayout.Window.TICKET, arrays.allocateZeros(Integer.BYTES, Purpose.TICKET, group))
        .putLong(
            CudaLayout.Window.ARRIVALS, arrays.allocateZeros(counters, Purpose.ARRIVALS, group))
        .putLong(CudaLayout.Window.READY, words + sums * Long.BYTES)
        .putLong(CudaLayout.Window.SUMS, words)
        .putLong(
            CudaLayout.Window.DEFERRED, arrays.allocate(deferred, Purpose.DEFERRED_TILES, group))
        .putInt(CudaLayout.Window.SLOTS, slots);
  }

  /** The {@code Window} that the kernel takes. */
  ByteBuffer argument() {
    return argument;
  }

  /** Tags every word with {@code step}, so that no old word has the tag of the next step. */
  void setStep(CudaDriver driver, CudaStream stream, long step) {
    ByteBuffer tags = CudaLayout.buffer(Math.min(wordCount, WORDS_AT_ONCE) * Long.BYTES);
    while (tags.hasRemaining()) {
      tags.putLong(step << 32);
    }
    for (long first = 0; first < wordCount; first += WORDS_AT_ONCE) {
      int count = (int) Math.min(wordCount - first, WORDS_AT_ONCE);
      tags.position(0).limit(count * Long.BYTES);
      driver.copyToDevice(words + first * Long.BYTES, tags, stream);
    }
  }
}
