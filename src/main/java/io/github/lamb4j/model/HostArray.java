package io.github.lamb4j.model;

import java.nio.Buffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * An array in host memory, the caller's own, and the type of its elements: floats, or the bits of
 * half-precision numbers in shorts.
 */
public final class HostArray implements TensorArray {

  private final DType type;
  private final Buffer buffer;

  private HostArray(DType type, Buffer buffer) {
    this.type = type;
    this.buffer = buffer;
  }

  /** The elements between the buffer's position and limit as they are now. */
  public static HostArray f32(FloatBuffer buffer) {
    return new HostArray(DType.F32, given(buffer).slice());
  }

  /** All elements of an array. */
  public static HostArray f32(float[] array) {
    return f32(FloatBuffer.wrap(given(array)));
  }

  /** IEEE 754 halves: the elements between the buffer's position and limit as they are now. */
  public static HostArray f16(ShortBuffer buffer) {
    return new HostArray(DType.F16, given(buffer).slice());
  }

  /** IEEE 754 halves: all elements of an array. */
  public static HostArray f16(short[] array) {
    return f16(ShortBuffer.wrap(given(array)));
  }

  /** bfloat16: the elements between the buffer's position and limit as they are now. */
  public static HostArray bf16(ShortBuffer buffer) {
    return new HostArray(DType.BF16, given(buffer).slice());
  }

  /** bfloat16: all elements of an array. */
  public static HostArray bf16(short[] array) {
    return bf16(ShortBuffer.wrap(given(array)));
  }

  private static <T> T given(T buffer) {
    if (buffer == null) {
      throw new IllegalArgumentException("host array: null");
    }
    return buffer;
  }

  @Override
  public DType type() {
    return type;
  }

  /** The number of elements. */
  public int count() {
    return buffer.capacity();
  }

  /** Whether elements cannot be written. */
  public boolean isReadOnly() {
    return buffer.isReadOnly();
  }

  /**
   * A view of the elements, whose position and limit are the caller's to move.
   *
   * @throws IllegalStateException if they are not {@link DType#F32}
   */
  public FloatBuffer floats() {
    if (type != DType.F32) {
      throw new IllegalStateException("host array: its elements are " + type + ", not F32");
    }
    return ((FloatBuffer) buffer).duplicate();
  }

  /**
   * A view of the elements' bits, whose position and limit are the caller's to move.
   *
   * @throws IllegalStateException if they are {@link DType#F32}
   */
  public ShortBuffer halves() {
    if (type == DType.F32) {
      throw new IllegalStateException("host array: its elements are F32, not halves");
    }
    return ((ShortBuffer) buffer).duplicate();
  }
}
