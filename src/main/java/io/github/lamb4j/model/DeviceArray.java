package io.github.lamb4j.model;

import jcuda.driver.CUdeviceptr;

/**
 * The beginning of an array in device memory, the caller's own, and the type of its elements.
 *
 * @param address the device address
 * @param type how each element is stored
 */
public record DeviceArray(long address, DType type) implements TensorArray {

  /** Refuses a null type. */
  public DeviceArray {
    if (type == null) {
      throw new IllegalArgumentException("device array at 0x%x: no dtype".formatted(address));
    }
  }

  /** The array that a pointer, its byte offset included, points to. */
  public static DeviceArray of(CUdeviceptr pointer, DType type) {
    if (pointer == null) {
      throw new IllegalArgumentException("device array: a null pointer object");
    }
    return new DeviceArray(new Peek(pointer).address(), type);
  }

  /** An array of a parameter, which an error names. */
  static DeviceArray of(String parameter, CUdeviceptr pointer, DType type) {
    if (type == null) {
      throw new IllegalArgumentException("parameter " + parameter + ": a dtype is null");
    }
    return of(pointer, type);
  }

  /**
   * Reads the address out of JCuda's device pointer, which only subclasses can; needs no driver.
   */
  private static final class Peek extends CUdeviceptr {
    Peek(CUdeviceptr pointer) {
      super(pointer);
    }

    /** Including the byte offset, which {@code CUdeviceptr.equals} ignores. */
    long address() {
      return getNativePointer() + getByteOffset();
    }
  }
}
