package io.github.lamb4j.internal.cuda.driver;

import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT;
import static jcuda.driver.JCudaDriver.cuFuncSetAttribute;

import jcuda.driver.CUfunction;

/** A kernel of a {@link SharedModule}. Thread-safe. */
final class JCudaKernel {

  final CUfunction function;
  private final String name;

  /** The dynamic shared memory that launches may use, in bytes. */
  private int sharedBytes;

  JCudaKernel(CUfunction function, String name) {
    this.function = function;
    this.name = name;
  }

  /**
   * Allows launches with this much dynamic shared memory. The limit only grows: another user of the
   * kernel may rely on it.
   */
  synchronized void allowSharedMemory(int bytes) {
    if (bytes <= sharedBytes) {
      return;
    }
    String doing = "requesting %,d bytes of shared memory for kernel %s".formatted(bytes, name);
    set(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes, doing);
    // The largest shared memory carveout, so that all of the kernel's blocks can be resident.
    set(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 100, doing);
    sharedBytes = bytes;
  }

  private void set(int attribute, int value, String doing) {
    Results.check(
        "cuFuncSetAttribute", doing, () -> cuFuncSetAttribute(function, attribute, value));
  }
}
