package io.github.lamb4j.model;

import jcuda.driver.CUdeviceptr;

/**
 * The address of an array in device memory that the program owns, and the type of its elements.
 *
 * @param address the device address of the first element
 * @param type the storage type of the elements
 */
public record DeviceArray(long address, DType type) implements TensorArray {

  /**
   * Validates the type.
   *
   * @param address the device address
   * @param type the storage type
   * @throws IllegalArgumentException if the type is null
   */
  public DeviceArray {
    if (type == null) {
      throw new IllegalArgumentException("device array at 0x%x: dtype is null".formatted(address));
    }
  }

  /**
   * {@return the array that a pointer refers to, including the pointer's byte offset}
   *
   * @param pointer the address of the first element, copied now
   * @param type the storage type of the elements
   * @throws IllegalArgumentException if the pointer object or the type is null
   */
  public static DeviceArray of(CUdeviceptr pointer, DType type) {
    if (pointer == null) {
      throw new IllegalArgumentException("device array: pointer is null");
    }
    return new DeviceArray(new Peek(pointer).address(), type);
  }

  /** As {@link #of(CUdeviceptr, DType)}, with the parameter's name in the error. */
  static DeviceArray of(String parameter, CUdeviceptr pointer, DType type) {
    if (type == null) {
      throw new IllegalArgumentException("parameter " + parameter + ": dtype is null");
    }
    return of(pointer, type);
  }

  /** Reads the address of a JCuda pointer, which is accessible only to subclasses. */
  private static final class Peek extends CUdeviceptr {
    Peek(CUdeviceptr pointer) {
      super(pointer);
    }

    /** Adds the byte offset, which {@code CUdeviceptr.equals} ignores. */
    long address() {
      return getNativePointer() + getByteOffset();
    }
  }
}
