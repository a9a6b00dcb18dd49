package io.github.lamb4j.model;

import java.nio.Buffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * An array in host memory that the program owns, and the type of its elements: floats, or the bits
 * of half-precision numbers in shorts.
 */
public final class HostArray implements TensorArray {

  private final DType type;
  private final Buffer buffer;

  private HostArray(DType type, Buffer buffer) {
    this.type = type;
    this.buffer = buffer;
  }

  /**
   * {@return the float32 elements between a buffer's current position and limit}
   *
   * @param buffer a heap or direct buffer, used in place
   */
  public static HostArray f32(FloatBuffer buffer) {
    return new HostArray(DType.F32, given(buffer).slice());
  }

  /**
   * {@return all elements of a float32 array}
   *
   * @param array used in place
   */
  public static HostArray f32(float[] array) {
    return f32(FloatBuffer.wrap(given(array)));
  }

  /**
   * {@return the float16 elements between a buffer's current position and limit}
   *
   * @param buffer the bits of IEEE 754 binary16 numbers, used in place
   */
  public static HostArray f16(ShortBuffer buffer) {
    return new HostArray(DType.F16, given(buffer).slice());
  }

  /**
   * {@return all elements of a float16 array}
   *
   * @param array the bits of IEEE 754 binary16 numbers, used in place
   */
  public static HostArray f16(short[] array) {
    return f16(ShortBuffer.wrap(given(array)));
  }

  /**
   * {@return the bfloat16 elements between a buffer's current position and limit}
   *
   * @param buffer the upper halves of float32 numbers, used in place
   */
  public static HostArray bf16(ShortBuffer buffer) {
    return new HostArray(DType.BF16, given(buffer).slice());
  }

  /**
   * {@return all elements of a bfloat16 array}
   *
   * @param array the upper halves of float32 numbers, used in place
   */
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

  /** {@return the number of elements} */
  public int count() {
    return buffer.capacity();
  }

  /** {@return whether the elements cannot be written} */
  public boolean isReadOnly() {
    return buffer.isReadOnly();
  }

  /**
   * {@return a new view of the elements, with its own position and limit}
   *
   * @throws IllegalStateException if the elements are not {@link DType#F32}
   */
  public FloatBuffer floats() {
    if (type != DType.F32) {
      throw new IllegalStateException(
          "host array: the elements are " + type + ", not F32; use halves()");
    }
    return ((FloatBuffer) buffer).duplicate();
  }

  /**
   * {@return a new view of the elements' bits, with its own position and limit}
   *
   * @throws IllegalStateException if the elements are {@link DType#F32}
   */
  public ShortBuffer halves() {
    if (type == DType.F32) {
      throw new IllegalStateException("host array: the elements are F32, not halves; use floats()");
    }
    return ((ShortBuffer) buffer).duplicate();
  }
}
