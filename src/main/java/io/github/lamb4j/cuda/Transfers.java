package io.github.lamb4j.cuda;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import jcuda.driver.CUstream;

/**
 * Copies of floats between host and device in pieces, so that neither length nor kind of the buffer
 * matters.
 */
final class Transfers {

  private static final int PIECE_BYTES = 4 << 20;

  private Transfers() {}

  /** Fills the target's remaining elements, and waits. */
  static void toHost(CudaDriver driver, CUstream stream, long from, FloatBuffer target) {
    ByteBuffer piece = piece(target.remaining());
    while (target.hasRemaining()) {
      piece
          .clear()
          .limit((int) Math.min(piece.capacity(), (long) target.remaining() * Float.BYTES));
      driver.copyToHost(piece.slice().order(piece.order()), from, stream);
      from += piece.remaining();
      target.put(piece.asFloatBuffer());
    }
  }

  /** Copies the source's remaining elements, and waits. */
  static void toDevice(CudaDriver driver, CUstream stream, FloatBuffer source, long to) {
    ByteBuffer piece = piece(source.remaining());
    while (source.hasRemaining()) {
      int count = Math.min(piece.capacity() / Float.BYTES, source.remaining());
      piece.clear().limit(count * Float.BYTES);
      piece.asFloatBuffer().put(source.slice().limit(count));
      source.position(source.position() + count);
      driver.copyToDevice(to, piece, stream);
      to += (long) count * Float.BYTES;
    }
  }

  private static ByteBuffer piece(int count) {
    return CudaLayout.buffer(Math.min(PIECE_BYTES, (long) count * Float.BYTES));
  }
}
