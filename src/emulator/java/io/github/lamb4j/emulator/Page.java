package io.github.lamb4j.emulator;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A block of memory with the state that the checks keep for each byte and word. */
final class Page {

  static final byte UNDEFINED = 0;
  static final byte DEFINED = 1;
  static final byte FORBIDDEN = 2;

  private static final VarHandle SHORT = view(short[].class);
  private static final VarHandle INT = view(int[].class);
  private static final VarHandle LONG = view(long[].class);
  private static final long ALL_DEFINED = 0x0101010101010101L * DEFINED;
  private static final long ANY_FORBIDDEN = 0x0101010101010101L * FORBIDDEN;

  private final byte[] data;
  private final byte[] state;

  /**
   * For the race detector: the last write and the last reads of each word. A word has 4 bytes, or
   * fewer after a narrower access.
   */
  long[] writes;

  long[] reads;

  /**
   * For the race detector: the time of each block's last read, for words read by several blocks.
   */
  int[][] readers;

  /** The strong stores to each 8-byte word; null if there were none. */
  StoreHistory[] histories;

  /** log2 of the bytes per word. */
  int wordShift = 2;

  Page(int bytes) {
    int rounded = (bytes + 15) & -16;
    data = new byte[rounded];
    state = new byte[rounded];
    Arrays.fill(data, (byte) 0xa5);
    Arrays.fill(state, bytes, rounded, FORBIDDEN);
  }

  int size() {
    return data.length;
  }

  private static VarHandle view(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
  }

  /** Prepares for race detection of an access of this size. */
  void trackRaces(int bytes) {
    if (writes == null) {
      wordShift = Math.min(2, Integer.numberOfTrailingZeros(bytes));
      forgetAccesses();
    } else if (bytes < 1 << wordShift) {
      int parts = (1 << wordShift) / bytes;
      long[][] coarse = {writes, reads};
      int[][] coarseReaders = readers;
      wordShift = Integer.numberOfTrailingZeros(bytes);
      forgetAccesses();
      if (coarseReaders.length > 0) readers = new int[reads.length][];
      for (int i = 0; i < writes.length; i++) {
        writes[i] = coarse[0][i / parts];
        reads[i] = coarse[1][i / parts];
        if (coarseReaders.length > 0 && coarseReaders[i / parts] != null) {
          readers[i] = coarseReaders[i / parts].clone();
        }
      }
    }
  }

  void forgetAccesses() {
    writes = new long[data.length >> wordShift];
    reads = new long[data.length >> wordShift];
    readers = new int[0][];
  }

  /** Reads 1, 2, 4 or 8 bytes. */
  long get(int at, int bytes) {
    return get(data, at, bytes);
  }

  private static long get(byte[] array, int at, int bytes) {
    return switch (bytes) {
      case 1 -> array[at] & 0xffL;
      case 2 -> (short) SHORT.get(array, at) & 0xffffL;
      case 4 -> (int) INT.get(array, at) & 0xffffffffL;
      default -> (long) LONG.get(array, at);
    };
  }

  /** Writes 1, 2, 4 or 8 bytes and marks them defined. Returns whether their value changed. */
  boolean put(int at, int bytes, long value) {
    put(state, at, bytes, ALL_DEFINED);
    boolean changed = get(data, at, bytes) != (bytes == 8 ? value : value & (1L << 8 * bytes) - 1);
    put(data, at, bytes, value);
    return changed;
  }

  private static void put(byte[] array, int at, int bytes, long value) {
    switch (bytes) {
      case 1 -> array[at] = (byte) value;
      case 2 -> SHORT.set(array, at, (short) value);
      case 4 -> INT.set(array, at, (int) value);
      default -> LONG.set(array, at, value);
    }
  }

  boolean isDefined(int at, int bytes) {
    return get(state, at, bytes) == ALL_DEFINED >>> 64 - 8 * bytes;
  }

  boolean isForbidden(int at, int bytes) {
    return (get(state, at, bytes) & ANY_FORBIDDEN) != 0;
  }

  void mark(int from, int bytes, byte as) {
    Arrays.fill(state, from, from + bytes, as);
  }

  void put(int at, ByteBuffer source, int bytes) {
    source.get(data, at, bytes);
    mark(at, bytes, DEFINED);
  }

  void fill(int from, int bytes, byte value) {
    Arrays.fill(data, from, from + bytes, value);
    mark(from, bytes, DEFINED);
  }
}
