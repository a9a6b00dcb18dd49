package io.github.lamb4j;

import jcuda.driver.CUdeviceptr;

/** The number inside JCuda's device pointer, which only subclasses can see. Needs no driver. */
final class DeviceAddress {

  private DeviceAddress() {}

  /** The address with the pointer's byte offset, which {@code CUdeviceptr.equals} leaves out. */
  static long of(CUdeviceptr pointer) {
    return new Peek(pointer).address();
  }

  private static final class Peek extends CUdeviceptr {
    Peek(CUdeviceptr pointer) {
      super(pointer);
    }

    long address() {
      return getNativePointer() + getByteOffset();
    }
  }
}
