package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.HostArray;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * A host array as kernels read and write it, one tile at a time: in place if it is a Java array of
 * floats, else through a copy of the tile.
 */
final class TileArray {

  private final DType type;
  private final FloatBuffer floatBuffer;
  private final ShortBuffer halfBuffer;
  private final float[] floats;
  private final short[] halves;
  private final int offset;

  TileArray(HostArray array) {
    type = array.type();
    floatBuffer = type == DType.F32 ? array.floats() : null;
    halfBuffer = type == DType.F32 ? null : array.halves();
    floats = type == DType.F32 && floatBuffer.hasArray() ? floatBuffer.array() : null;
    halves = type != DType.F32 && halfBuffer.hasArray() ? halfBuffer.array() : null;
    offset =
        floats != null ? floatBuffer.arrayOffset() : halves != null ? halfBuffer.arrayOffset() : 0;
  }

  /** The number of elements. */
  int count() {
    return type == DType.F32 ? floatBuffer.capacity() : halfBuffer.capacity();
  }

  /**
   * A tile's elements in binary32.
   *
   * @param copy takes them if they are not in a Java array of floats
   * @return the array that holds them, the first one at {@link #at}
   */
  float[] read(int start, int count, float[] copy, Span span) {
    if (floats != null) {
      return floats;
    }
    if (type == DType.F32) {
      floatBuffer.get(start, copy, 0, count);
      return copy;
    }
    short[] from = halves;
    int at = offset + start;
    if (from == null) {
      from = span.halves;
      at = 0;
      halfBuffer.get(start, from, 0, count);
    }
    if (type == DType.F16) {
      span.kernels.widenF16(from, at, copy, 0, count);
    } else {
      span.kernels.widenBf16(from, at, copy, 0, count);
    }
    return copy;
  }

  /** Where the element at {@code start} is in the array that {@link #read} returned. */
  int at(int start) {
    return floats == null ? 0 : offset + start;
  }

  /**
   * Stores a tile's elements, rounded to this array's type.
   *
   * @param from the array that {@link #read} returned, which may be this one, or another
   */
  void write(float[] from, int at, int start, int count, Span span) {
    if (type == DType.F32) {
      if (floats == null || from != floats) {
        floatBuffer.put(start, from, at, count);
      }
      return;
    }
    short[] to = halves == null ? span.halves : halves;
    int toAt = halves == null ? 0 : offset + start;
    if (type == DType.F16) {
      span.kernels.narrowF16(from, at, to, toAt, count);
    } else {
      span.kernels.narrowBf16(from, at, to, toAt, count);
    }
    if (halves == null) {
      halfBuffer.put(start, to, 0, count);
    }
  }
}
