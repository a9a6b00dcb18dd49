package io.github.lamb4j.tools.train.cuda;

import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;

import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUdeviceptr;

/** Allocations in the current context, freed together. */
final class DeviceMemory implements AutoCloseable {

  private final List<CUdeviceptr> allocations = new ArrayList<>();

  CUdeviceptr allocate(long bytes) {
    CUdeviceptr pointer = new CUdeviceptr();
    // An empty allocation is an error in CUDA.
    cuMemAlloc(pointer, Math.max(bytes, Sizeof.INT));
    allocations.add(pointer);
    return pointer;
  }

  CUdeviceptr floats(long count) {
    return allocate(count * Sizeof.FLOAT);
  }

  CUdeviceptr ints(long count) {
    return allocate(count * Sizeof.INT);
  }

  CUdeviceptr copyOf(float[] values) {
    CUdeviceptr pointer = floats(values.length);
    cuMemcpyHtoD(pointer, Pointer.to(values), (long) values.length * Sizeof.FLOAT);
    return pointer;
  }

  CUdeviceptr copyOf(int[] values) {
    CUdeviceptr pointer = ints(values.length);
    write(pointer, values, values.length);
    return pointer;
  }

  /** Copies the first {@code count} values. */
  static void write(CUdeviceptr target, int[] values, int count) {
    if (count > 0) {
      cuMemcpyHtoD(target, Pointer.to(values), (long) count * Sizeof.INT);
    }
  }

  @Override
  public void close() {
    allocations.forEach(pointer -> cuMemFree(pointer));
    allocations.clear();
  }
}
