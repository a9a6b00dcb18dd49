package jcuda.runtime;

import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.jcuda.Api;
import io.github.lamb4j.emulator.jcuda.HostMemory;
import io.github.lamb4j.emulator.jcuda.Natives;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceMemory;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;
import jcuda.Pointer;

/** The runtime API's memory management. Asynchronous calls act at once. */
class RuntimeMemory extends UnsupportedJCuda {

  /** The runtime has the driver's codes for all errors that the emulator reports. */
  static final Api API = new Api(cudaError::stringFor, code -> code, true);

  public static int cudaMemGetInfo(long[] free, long[] total) {
    return API.call(
        gpu -> {
          DeviceMemory memory = gpu.memory();
          free[0] = memory.free();
          total[0] = memory.total();
        });
  }

  public static int cudaMalloc(Pointer devPtr, long size) {
    return API.call(gpu -> Natives.set(devPtr, gpu.allocate(size, "cudaMalloc")));
  }

  public static int cudaFree(Pointer devPtr) {
    return API.call(gpu -> free(gpu, devPtr));
  }

  private static void free(EmulatedDriver gpu, Pointer pointer) {
    HostMemory.requireDevice(pointer);
    if (Natives.of(pointer) != 0) {
      gpu.free(Natives.of(pointer));
    }
  }

  public static int cudaMallocHost(Pointer ptr, long size) {
    return cudaHostAlloc(ptr, size, 0);
  }

  public static int cudaHostAlloc(Pointer ptr, long size, int flags) {
    return size <= 0
        ? API.result(cudaError.cudaErrorInvalidValue)
        : API.call(gpu -> HostMemory.allocate(gpu, ptr, size));
  }

  public static int cudaFreeHost(Pointer ptr) {
    boolean[] known = new boolean[1];
    int code = API.call(gpu -> known[0] = HostMemory.free(ptr));
    return code != 0 || known[0] ? code : API.result(cudaError.cudaErrorInvalidValue);
  }

  public static int cudaMemcpy(Pointer dst, Pointer src, long count, int cudaMemcpyKind_kind) {
    return cudaMemcpyAsync(dst, src, count, cudaMemcpyKind_kind, null);
  }

  public static int cudaMemcpyAsync(
      Pointer dst, Pointer src, long count, int cudaMemcpyKind_kind, cudaStream_t hStream) {
    int kind = cudaMemcpyKind_kind;
    if (kind == cudaMemcpyKind.cudaMemcpyDefault) {
      kind = (HostMemory.isHost(src) ? 0 : 2) + (HostMemory.isHost(dst) ? 0 : 1);
    }
    int direction = kind;
    return API.callOn(hStream, (gpu, stream) -> copy(gpu, dst, src, count, direction, stream));
  }

  private static void copy(
      EmulatedDriver gpu, Pointer to, Pointer from, long count, int kind, CudaStream stream) {
    switch (kind) {
      case cudaMemcpyKind.cudaMemcpyHostToHost ->
          HostMemory.write(to, HostMemory.read(from, count));
      case cudaMemcpyKind.cudaMemcpyHostToDevice ->
          gpu.copyToDevice(Natives.of(to), HostMemory.read(from, count), stream);
      case cudaMemcpyKind.cudaMemcpyDeviceToHost -> {
        ByteBuffer bytes = HostMemory.direct(count);
        gpu.copyToHost(bytes, Natives.of(from), stream);
        HostMemory.write(to, bytes.clear());
      }
      case cudaMemcpyKind.cudaMemcpyDeviceToDevice ->
          gpu.copyOnDevice(Natives.of(to), Natives.of(from), count, stream);
      default -> throw new IllegalArgumentException("cudaMemcpy: unknown kind " + kind);
    }
  }

  public static int cudaMemset(Pointer mem, int c, long count) {
    return cudaMemsetAsync(mem, c, count, null);
  }

  public static int cudaMemsetAsync(Pointer devPtr, int value, long count, cudaStream_t hStream) {
    return API.callOn(
        hStream,
        (gpu, stream) -> {
          if (value == 0) {
            gpu.clear(Natives.of(devPtr), count, stream);
          } else {
            gpu.api().fill(Natives.of(devPtr), new byte[] {(byte) value}, count, stream);
          }
        });
  }
}
