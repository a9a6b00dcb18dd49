package io.github.lamb4j.internal.numerics;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * One sum per tile of a parameter group, for example the sums of squares from which norms are
 * formed. The sum over a range of tiles depends only on the tiles' sums, not on which thread or
 * process computed them: processes that share a model exchange their tiles' sums and get the same
 * bits as a single process.
 */
public final class TileSums {

  private final double[] sums;

  /** All zero. */
  public TileSums(int tileCount) {
    sums = new double[tileCount];
  }

  /** The number of tiles. */
  public int tileCount() {
    return sums.length;
  }

  /** A tile's sum. */
  public double get(int tile) {
    return sums[tile];
  }

  /** Sets a tile's sum. */
  public void set(int tile, double sum) {
    sums[tile] = sum;
  }

  /**
   * The sum over a range of tiles, in the order of {@code kernels/NUMERICS.md}.
   *
   * @param lanes scratch, at least {@link Tiling#LANES} long
   */
  public double over(int first, int count, double[] lanes) {
    return Sums.ofLanes(sums, first, count, lanes);
  }

  /** The number of bytes in which a range of tiles is exchanged. */
  public static long byteCount(int tiles) {
    return (long) tiles * Double.BYTES;
  }

  /**
   * Writes the sums of a range of tiles, 8 bytes each in little-endian order whatever the buffer's
   * order, and advances the buffer's position.
   */
  public void export(int first, int count, ByteBuffer target) {
    ByteBuffer bytes = range(first, count, target);
    bytes.asDoubleBuffer().put(sums, first, count);
    target.position(target.position() + bytes.capacity());
  }

  /** Reads the sums of a range of tiles that {@link #export} wrote, and advances the position. */
  public void importFrom(int first, int count, ByteBuffer source) {
    ByteBuffer bytes = range(first, count, source);
    bytes.asDoubleBuffer().get(sums, first, count);
    source.position(source.position() + bytes.capacity());
  }

  private ByteBuffer range(int first, int count, ByteBuffer buffer) {
    Objects.checkFromIndexSize(first, count, sums.length);
    if (buffer.remaining() < byteCount(count)) {
      throw new IllegalArgumentException(
          "tile sums: the buffer has %d bytes remaining, and %d tiles need %d; use a larger buffer"
              .formatted(buffer.remaining(), count, byteCount(count)));
    }
    return buffer.slice(buffer.position(), count * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }
}
