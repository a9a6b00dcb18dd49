package jcuda.driver;

import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.jcuda.Api;
import io.github.lamb4j.emulator.jcuda.HostMemory;
import io.github.lamb4j.emulator.jcuda.Natives;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceMemory;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceRange;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;
import jcuda.Pointer;

/** The driver API's memory management. Asynchronous calls act at once. */
class DriverMemory extends UnsupportedJCudaDriver {

  static final int INVALID_VALUE = CUresult.CUDA_ERROR_INVALID_VALUE;

  static final Api API = new Api(CUresult::stringFor, code -> code, false);

  public static int cuMemGetInfo(long[] free, long[] total) {
    return API.call(
        gpu -> {
          DeviceMemory memory = gpu.memory();
          free[0] = memory.free();
          total[0] = memory.total();
        });
  }

  public static int cuMemAlloc(CUdeviceptr dptr, long bytesize) {
    return API.call(gpu -> Natives.set(dptr, gpu.allocate(bytesize, "cuMemAlloc")));
  }

  public static int cuMemAllocAsync(CUdeviceptr dptr, long bytesize, CUstream hStream) {
    return API.callOn(
        hStream, (gpu, stream) -> Natives.set(dptr, gpu.allocate(bytesize, "cuMemAllocAsync")));
  }

  public static int cuMemFree(CUdeviceptr dptr) {
    return API.call(gpu -> free(gpu, dptr));
  }

  public static int cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream) {
    return API.callOn(hStream, (gpu, stream) -> free(gpu, dptr));
  }

  private static void free(EmulatedDriver gpu, CUdeviceptr dptr) {
    if (Natives.of(dptr) != 0) {
      gpu.free(Natives.of(dptr));
    }
  }

  public static int cuMemGetAddressRange(CUdeviceptr pbase, long[] psize, CUdeviceptr dptr) {
    DeviceRange[] range = new DeviceRange[1];
    int code =
        API.call(
            gpu -> {
              gpu.api().expectContext();
              range[0] = gpu.rangeOf(Natives.of(dptr));
            });
    if (code == 0 && range[0] == null) {
      return API.result(CUresult.CUDA_ERROR_NOT_FOUND);
    }
    if (code == 0) {
      if (pbase != null) {
        Natives.set(pbase, range[0].start());
      }
      if (psize != null) {
        psize[0] = range[0].bytes();
      }
    }
    return code;
  }

  /**
   * Memory type, ordinal, whether memory is managed, which it never is, whether it is mapped, and
   * the reserved range.
   */
  public static int cuPointerGetAttribute(Pointer data, int attribute, CUdeviceptr ptr) {
    long address = Natives.of(ptr);
    ByteBuffer value = HostMemory.direct(Long.BYTES);
    boolean[] known = new boolean[1];
    int code =
        API.call(
            gpu -> {
              gpu.api().expectContext();
              boolean host = HostMemory.isPinned(address) || gpu.isHostMemory(address);
              DeviceRange range = gpu.reservationOf(address);
              known[0] = host || range != null;
              if (known[0]) {
                putAttribute(value, attribute, host, range);
              }
            });
    if (code != 0 || !known[0]) {
      return code != 0 ? code : API.result(INVALID_VALUE);
    }
    HostMemory.write(data, value.flip());
    return 0;
  }

  /** Puts an attribute of memory in its size. Only the runtime's pinned memory has no range. */
  private static void putAttribute(
      ByteBuffer value, int attribute, boolean host, DeviceRange range) {
    switch (attribute) {
      case CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE ->
          value.putInt(host ? CUmemorytype.CU_MEMORYTYPE_HOST : CUmemorytype.CU_MEMORYTYPE_DEVICE);
      case CUpointer_attribute.CU_POINTER_ATTRIBUTE_IS_MANAGED,
          CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL ->
          value.putInt(0);
      case CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPED -> value.put((byte) 1);
      case CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_START_ADDR ->
          value.putLong(range == null ? 0 : range.start());
      case CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_SIZE ->
          value.putLong(range == null ? 0 : range.bytes());
      default ->
          throw new UnsupportedOperationException(
              "cuPointerGetAttribute: attribute %d is not emulated".formatted(attribute));
    }
  }

  public static int cuMemAllocHost(Pointer pp, long bytesize) {
    return allocateHost(pp, bytesize);
  }

  public static int cuMemHostAlloc(Pointer pp, long bytes, int flags) {
    return allocateHost(pp, bytes);
  }

  private static int allocateHost(Pointer pointer, long bytes) {
    if (bytes <= 0) {
      return API.result(INVALID_VALUE);
    }
    return API.call(gpu -> HostMemory.allocate(gpu, pointer, bytes));
  }

  public static int cuMemFreeHost(Pointer p) {
    boolean[] known = new boolean[1];
    int code = API.call(gpu -> known[0] = HostMemory.free(p));
    return code != 0 || known[0] ? code : API.result(INVALID_VALUE);
  }

  // --- Copies ------------------------------------------------------------------------------------

  public static int cuMemcpy(CUdeviceptr dst, CUdeviceptr src, long ByteCount) {
    return onDevice(dst, src, ByteCount, null);
  }

  public static int cuMemcpyAsync(
      CUdeviceptr dst, CUdeviceptr src, long ByteCount, CUstream hStream) {
    return onDevice(dst, src, ByteCount, hStream);
  }

  public static int cuMemcpyDtoD(CUdeviceptr dstDevice, CUdeviceptr srcDevice, long ByteCount) {
    return onDevice(dstDevice, srcDevice, ByteCount, null);
  }

  public static int cuMemcpyDtoDAsync(
      CUdeviceptr dstDevice, CUdeviceptr srcDevice, long ByteCount, CUstream hStream) {
    return onDevice(dstDevice, srcDevice, ByteCount, hStream);
  }

  private static int onDevice(CUdeviceptr to, CUdeviceptr from, long bytes, CUstream stream) {
    return API.callOn(
        stream, (gpu, on) -> gpu.copyOnDevice(Natives.of(to), Natives.of(from), bytes, on));
  }

  public static int cuMemcpyHtoD(CUdeviceptr dstDevice, Pointer srcHost, long ByteCount) {
    return cuMemcpyHtoDAsync(dstDevice, srcHost, ByteCount, null);
  }

  public static int cuMemcpyHtoDAsync(
      CUdeviceptr dstDevice, Pointer srcHost, long ByteCount, CUstream hStream) {
    return API.callOn(
        hStream, (gpu, stream) -> toDevice(gpu, Natives.of(dstDevice), srcHost, ByteCount, stream));
  }

  private static void toDevice(
      EmulatedDriver gpu, long target, Pointer source, long bytes, CudaStream stream) {
    gpu.copyToDevice(target, HostMemory.read(source, bytes), stream);
  }

  public static int cuMemcpyDtoH(Pointer dstHost, CUdeviceptr srcDevice, long ByteCount) {
    return cuMemcpyDtoHAsync(dstHost, srcDevice, ByteCount, null);
  }

  public static int cuMemcpyDtoHAsync(
      Pointer dstHost, CUdeviceptr srcDevice, long ByteCount, CUstream hStream) {
    return API.callOn(
        hStream,
        (gpu, stream) -> {
          ByteBuffer bytes = HostMemory.direct(ByteCount);
          gpu.copyToHost(bytes, Natives.of(srcDevice), stream);
          HostMemory.write(dstHost, bytes.clear());
        });
  }

  // --- Fills -------------------------------------------------------------------------------------

  public static int cuMemsetD8(CUdeviceptr dstDevice, byte uc, long N) {
    return cuMemsetD8Async(dstDevice, uc, N, null);
  }

  public static int cuMemsetD8Async(CUdeviceptr dstDevice, byte uc, long N, CUstream hStream) {
    if (uc == 0) {
      return API.callOn(hStream, (gpu, stream) -> gpu.clear(Natives.of(dstDevice), N, stream));
    }
    return fill(dstDevice, HostMemory.direct(1).put(uc), N, hStream);
  }

  public static int cuMemsetD16(CUdeviceptr dstDevice, short us, long N) {
    return cuMemsetD16Async(dstDevice, us, N, null);
  }

  public static int cuMemsetD16Async(CUdeviceptr dstDevice, short us, long N, CUstream hStream) {
    return fill(dstDevice, HostMemory.direct(2).putShort(us), N, hStream);
  }

  public static int cuMemsetD32(CUdeviceptr dstDevice, int ui, long N) {
    return cuMemsetD32Async(dstDevice, ui, N, null);
  }

  public static int cuMemsetD32Async(CUdeviceptr dstDevice, int ui, long N, CUstream hStream) {
    return fill(dstDevice, HostMemory.direct(4).putInt(ui), N, hStream);
  }

  private static int fill(CUdeviceptr target, ByteBuffer pattern, long count, CUstream hStream) {
    byte[] bytes = new byte[pattern.capacity()];
    pattern.clear().get(bytes);
    return API.callOn(
        hStream, (gpu, stream) -> gpu.api().fill(Natives.of(target), bytes, count, stream));
  }
}
