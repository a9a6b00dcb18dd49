package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.HalfFormat;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * Copies arrays between host and device, in pieces through a direct buffer: arrays of any length,
 * in any kind of buffer. For saving and loading; steps on host parameters use {@link Staging}.
 */
final class Transfers {

  private static final int PIECE_BYTES = 4 << 20;

  private Transfers() {}

  /** Moves one piece between its staging buffer and its place, which begins at element first. */
  private interface Piece {
    void copy(int first, ByteBuffer staging);
  }

  /** Fills the remaining elements of the target, and waits. */
  static void toHost(CudaDriver driver, CudaStream stream, long from, FloatBuffer target) {
    inPieces(
        target.remaining(),
        Float.BYTES,
        (first, staging) -> {
          driver.copyToHost(staging.duplicate(), from + (long) first * Float.BYTES, stream);
          target.put(staging.asFloatBuffer());
        });
  }

  /** Copies the remaining elements of the source, and waits. */
  static void toDevice(CudaDriver driver, CudaStream stream, FloatBuffer source, long to) {
    inPieces(
        source.remaining(),
        Float.BYTES,
        (first, staging) -> {
          int count = staging.remaining() / Float.BYTES;
          staging.asFloatBuffer().put(source.slice().limit(count));
          source.position(source.position() + count);
          driver.copyToDevice(to + (long) first * Float.BYTES, staging, stream);
        });
  }

  /** Narrows and copies the remaining elements of the source, and waits. */
  static void toDeviceRounded(
      CudaDriver driver, CudaStream stream, FloatBuffer source, HalfFormat format, long to) {
    inPieces(
        source.remaining(),
        Short.BYTES,
        (first, staging) -> {
          int count = staging.remaining() / Short.BYTES;
          format.narrow(source.slice().limit(count), staging.asShortBuffer());
          source.position(source.position() + count);
          driver.copyToDevice(to + (long) first * Short.BYTES, staging, stream);
        });
  }

  private static void inPieces(int count, int elementBytes, Piece piece) {
    int most = PIECE_BYTES / elementBytes;
    ByteBuffer staging = CudaLayout.buffer((long) Math.min(most, count) * elementBytes);
    for (int first = 0; first < count; ) {
      int length = Math.min(most, count - first);
      staging.clear().limit(length * elementBytes);
      piece.copy(first, staging.slice().order(staging.order()));
      first += length;
    }
  }
}
