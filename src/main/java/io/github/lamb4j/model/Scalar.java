package io.github.lamb4j.model;

import java.nio.FloatBuffer;
import jcuda.Pointer;

/**
 * A number that a step reads when it runs: a constant, or a float32 number in the program's memory.
 * The program may change the latter between steps; in device memory, by work enqueued on the
 * optimizer's stream.
 */
public sealed interface Scalar {

  /**
   * A constant.
   *
   * @param value the value, in double precision
   */
  record Constant(double value) implements Scalar {}

  /**
   * A float32 number in device memory.
   *
   * @param array its address
   */
  record OnDevice(DeviceArray array) implements Scalar {

    /**
     * Validates the address.
     *
     * @param array the address
     * @throws IllegalArgumentException if the array is null or not {@link DType#F32}, or its
     *     address is null or misaligned
     */
    public OnDevice {
      requireFloat32(array);
      if (array.address() == 0) {
        throw new IllegalArgumentException("scalar: null device pointer");
      }
      if (array.address() % DType.F32.bytes() != 0) {
        throw new IllegalArgumentException(
            "scalar at 0x%x: must be aligned to 4 bytes, the size of a float"
                .formatted(array.address()));
      }
    }
  }

  /**
   * A float32 number in host memory.
   *
   * @param array the array of which it is the first element
   */
  record OnHost(HostArray array) implements Scalar {

    /**
     * Validates the array.
     *
     * @param array the array
     * @throws IllegalArgumentException if the array is null, empty or not {@link DType#F32}
     */
    public OnHost {
      requireFloat32(array);
      if (array.count() < 1) {
        throw new IllegalArgumentException("scalar: empty buffer; pass at least one element");
      }
    }
  }

  /** The constant 1. */
  Scalar ONE = new Constant(1);

  /**
   * {@return a constant}
   *
   * @param value finite and above 0; checked by the builder's method that takes it
   */
  static Scalar of(double value) {
    return new Constant(value);
  }

  /**
   * {@return a float32 number in device memory, for an optimizer of device parameters}
   *
   * @param pointer its address, aligned to 4 bytes
   * @throws IllegalArgumentException if the pointer is null, misaligned or refers to a Java array
   *     or buffer
   */
  static Scalar onDevice(Pointer pointer) {
    return onDevice(DeviceArray.of("scalar", pointer, DType.F32));
  }

  /**
   * {@return a float32 number in device memory, for an optimizer of device parameters}
   *
   * @param array its address, aligned to 4 bytes
   * @throws IllegalArgumentException if the array is null or not {@link DType#F32}, or its address
   *     is null or misaligned
   */
  static Scalar onDevice(DeviceArray array) {
    return new OnDevice(array);
  }

  /**
   * {@return a float32 number in host memory, for an optimizer of host parameters}
   *
   * @param buffer the buffer that holds it at its current position
   */
  static Scalar onHost(FloatBuffer buffer) {
    return new OnHost(HostArray.f32(buffer));
  }

  /**
   * {@return the first element of an array, for an optimizer of host parameters}
   *
   * @param array at least one element, used in place
   */
  static Scalar onHost(float[] array) {
    if (array == null) {
      throw new IllegalArgumentException("scalar: null");
    }
    return onHost(FloatBuffer.wrap(array));
  }

  private static void requireFloat32(TensorArray array) {
    if (array == null || array.type() != DType.F32) {
      throw new IllegalArgumentException(
          "scalar: %s; pass one F32 number".formatted(array == null ? "null" : array.type()));
    }
  }
}
