package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.HostArray;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * Copies of arrays between host and device in pieces, so that neither length nor kind of the buffer
 * matters.
 */
final class Transfers {

  private static final int PIECE_BYTES = 4 << 20;

  private Transfers() {}

  /** Copies one piece, from an element on, between its staging buffer and where it belongs. */
  private interface Piece {
    void copy(int first, ByteBuffer staging);
  }

  /** Fills the target's remaining elements, and waits. */
  static void toHost(CudaDriver driver, CudaStream stream, long from, FloatBuffer target) {
    inPieces(
        target.remaining(),
        DType.F32,
        (first, staging) -> {
          driver.copyToHost(staging.duplicate(), from + (long) first * Float.BYTES, stream);
          target.put(staging.asFloatBuffer());
        });
  }

  /** Fills a whole array, and waits. */
  static void toHost(CudaDriver driver, CudaStream stream, long from, HostArray target) {
    if (target.type() == DType.F32) {
      toHost(driver, stream, from, target.floats());
      return;
    }
    ShortBuffer halves = target.halves();
    inPieces(
        target.count(),
        target.type(),
        (first, staging) -> {
          driver.copyToHost(staging.duplicate(), from + (long) first * Short.BYTES, stream);
          halves.put(staging.asShortBuffer());
        });
  }

  /** Copies the source's remaining elements, and waits. */
  static void toDevice(CudaDriver driver, CudaStream stream, FloatBuffer source, long to) {
    inPieces(
        source.remaining(),
        DType.F32,
        (first, staging) -> {
          int count = staging.remaining() / Float.BYTES;
          staging.asFloatBuffer().put(source.slice().limit(count));
          source.position(source.position() + count);
          driver.copyToDevice(to + (long) first * Float.BYTES, staging, stream);
        });
  }

  /** Copies a whole array, and waits. */
  static void toDevice(CudaDriver driver, CudaStream stream, HostArray source, long to) {
    if (source.type() == DType.F32) {
      toDevice(driver, stream, source.floats(), to);
      return;
    }
    ShortBuffer halves = source.halves();
    inPieces(
        source.count(),
        source.type(),
        (first, staging) -> {
          int count = staging.remaining() / Short.BYTES;
          staging.asShortBuffer().put(halves.slice().limit(count));
          halves.position(halves.position() + count);
          driver.copyToDevice(to + (long) first * Short.BYTES, staging, stream);
        });
  }

  private static void inPieces(int count, DType type, Piece piece) {
    int most = PIECE_BYTES / type.bytes();
    ByteBuffer staging = CudaLayout.buffer((long) Math.min(most, count) * type.bytes());
    for (int first = 0; first < count; ) {
      int length = Math.min(most, count - first);
      staging.clear().limit(length * type.bytes());
      piece.copy(first, staging.slice().order(staging.order()));
      first += length;
    }
  }
}
