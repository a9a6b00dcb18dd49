package io.github.lamb4j.model;

import jcuda.Pointer;

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
   * @param pointer a pointer from {@code cudaMalloc} or {@code cuMemAlloc}, or a {@code
   *     CUdeviceptr}; the address is copied now
   * @param type the storage type of the elements
   * @throws IllegalArgumentException if the pointer object or the type is null, or the pointer
   *     refers to a Java array or buffer
   */
  public static DeviceArray of(Pointer pointer, DType type) {
    return of("device array", pointer, type);
  }

  /**
   * {@return the array at an address} For programs that allocate device memory through another
   * binding, such as JavaCPP or the foreign function API.
   *
   * @param address the device address of the first element, a {@code CUdeviceptr} in C
   * @param type the storage type of the elements
   * @throws IllegalArgumentException if the type is null
   */
  public static DeviceArray at(long address, DType type) {
    return new DeviceArray(address, type);
  }

  /** As {@link #of(Pointer, DType)}, with the array's owner in the error. */
  static DeviceArray of(String owner, Pointer pointer, DType type) {
    if (pointer == null) {
      throw new IllegalArgumentException(owner + ": pointer is null");
    }
    Peek peek = new Peek(pointer);
    if (peek.isOfJavaMemory()) {
      throw new IllegalArgumentException(
          "%s: %s refers to a Java array or buffer; pass device memory, for example from cudaMalloc"
              .formatted(owner, pointer));
    }
    if (type == null) {
      throw new IllegalArgumentException(
          "%s at 0x%x: dtype is null".formatted(owner, peek.address()));
    }
    return new DeviceArray(peek.address(), type);
  }

  /** Reads the address of a JCuda pointer, which is accessible only to subclasses. */
  private static final class Peek extends Pointer {
    Peek(Pointer pointer) {
      super(pointer);
    }

    /** Adds the byte offset, which {@code Pointer.equals} ignores. */
    long address() {
      return getNativePointer() + getByteOffset();
    }

    /**
     * Whether the pointer is from {@code Pointer.to}. Such a pointer has no address, and only its
     * text tells it from a null pointer. Managed memory has a buffer too, but also an address.
     */
    boolean isOfJavaMemory() {
      return getNativePointer() == 0
          && (toString().startsWith("Pointer[buffer=")
              || toString().startsWith("Pointer[pointers="));
    }
  }
}
