package io.github.lamb4j.model;

import java.nio.FloatBuffer;
import jcuda.driver.CUdeviceptr;

/**
 * A number that a step reads when it runs: a constant, or one binary32 number that the program may
 * change between steps, in device memory by work on the same stream.
 */
public sealed interface Scalar {

  /**
   * A constant.
   *
   * @param value in binary64
   */
  record Constant(double value) implements Scalar {}

  /**
   * One binary32 number in device memory.
   *
   * @param array where it lies
   */
  record OnDevice(DeviceArray array) implements Scalar {

    /** Refuses what is no number. */
    public OnDevice {
      requireBinary32(array);
      if (array.address() == 0) {
        throw new IllegalArgumentException("scalar: a null device pointer");
      }
      if (array.address() % DType.F32.bytes() != 0) {
        throw new IllegalArgumentException(
            "scalar at 0x%x: not aligned to 4 bytes, the size of a float"
                .formatted(array.address()));
      }
    }
  }

  /**
   * One binary32 number in host memory.
   *
   * @param array its first element
   */
  record OnHost(HostArray array) implements Scalar {

    /** Refuses what is no number. */
    public OnHost {
      requireBinary32(array);
      if (array.count() < 1) {
        throw new IllegalArgumentException("scalar: an empty buffer; give one of one element");
      }
    }
  }

  /** The constant 1. */
  Scalar ONE = new Constant(1);

  /** A constant, a finite number above 0. */
  static Scalar of(double value) {
    return new Constant(value);
  }

  /** A number that the program keeps in device memory, for an optimizer on CUDA. */
  static Scalar onDevice(CUdeviceptr pointer) {
    return new OnDevice(DeviceArray.of(pointer, DType.F32));
  }

  /** A number that the program keeps in host memory, for an optimizer of host parameters. */
  static Scalar onHost(FloatBuffer buffer) {
    return new OnHost(HostArray.f32(buffer));
  }

  /** The first element of an array, for an optimizer of host parameters. */
  static Scalar onHost(float[] array) {
    if (array == null) {
      throw new IllegalArgumentException("scalar: null");
    }
    return onHost(FloatBuffer.wrap(array));
  }

  private static void requireBinary32(TensorArray array) {
    if (array == null || array.type() != DType.F32) {
      throw new IllegalArgumentException(
          "scalar: %s; give one F32 number".formatted(array == null ? "null" : array.type()));
    }
  }
}
