package io.github.lamb4j.internal.cuda.driver;

import static jcuda.driver.JCudaDriver.cuMemAllocHost;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;

import java.nio.ByteBuffer;
import java.util.function.IntSupplier;
import jcuda.Pointer;

/** Pinned host memory through JCuda, which also makes it accessible as a direct buffer. */
final class JCudaPinnedMemory implements CudaDriver.PinnedMemory {

  private final Pointer pointer = new Pointer();
  private final int size;

  JCudaPinnedMemory(int size) {
    this.size = size;
    check("cuMemAllocHost", "allocating", () -> cuMemAllocHost(pointer, size));
  }

  @Override
  public ByteBuffer bytes() {
    return pointer.getByteBuffer(0, size);
  }

  @Override
  public void free() {
    check("cuMemFreeHost", "freeing", () -> cuMemFreeHost(pointer));
  }

  private void check(String call, String verb, IntSupplier invocation) {
    Results.check(call, "%s %,d bytes of pinned host memory".formatted(verb, size), invocation);
  }
}
