package io.github.lamb4j.emulator.jcuda;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxDestroy;
import static jcuda.driver.JCudaDriver.cuCtxGetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemAllocHost;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.cuMemsetD32;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuPointerGetAttribute;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamGetId;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.runtime.JCuda.cudaFree;
import static jcuda.runtime.JCuda.cudaMalloc;
import static jcuda.runtime.JCuda.cudaMallocHost;
import static jcuda.runtime.JCuda.cudaMemcpy;
import static jcuda.runtime.JCuda.cudaMemset;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.emulator.EmulatedGpu;
import io.github.lamb4j.model.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUmodule;
import jcuda.driver.CUpointer_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaMemcpyKind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The stand-ins for JCuda's driver and runtime API, called as a program calls JCuda. */
@Tag("jcuda")
@EnabledIfSystemProperty(named = "lamb4j.device", matches = "stand-ins")
class StandInsTest {

  /** y[i] = n * y[i], on a grid of two dimensions with one thread per element. */
  private static final String PTX =
      """
      .version 6.0
      .target sm_70
      .address_size 64
      .visible .entry scale(.param .u64 y, .param .f32 factor)
      {
        .reg .b32 %r<8>;
        .reg .b64 %d<4>;
        .reg .f32 %f<4>;
        ld.param.u64 %d1, [y];
        ld.param.f32 %f1, [factor];
        mov.u32 %r1, %ctaid.y;
        mov.u32 %r2, %nctaid.x;
        mov.u32 %r3, %ctaid.x;
        mad.lo.s32 %r4, %r1, %r2, %r3;
        mul.wide.s32 %d2, %r4, 4;
        add.s64 %d3, %d1, %d2;
        ld.global.f32 %f2, [%d3];
        mul.rn.f32 %f3, %f2, %f1;
        st.global.f32 [%d3], %f3;
        ret;
      }
      """;

  private final CUcontext context = new CUcontext();
  private final CUdeviceptr memory = new CUdeviceptr();

  @BeforeEach
  void createContext() {
    EmulatedGpu.reset();
    JCudaDriver.setExceptionsEnabled(true);
    JCuda.setExceptionsEnabled(true);
    cuInit(0);
    CUdevice device = new CUdevice();
    cuDeviceGet(device, 0);
    cuCtxCreate(context, 0, device);
  }

  @AfterEach
  void returnCodes() {
    JCudaDriver.setExceptionsEnabled(false);
    JCuda.setExceptionsEnabled(false);
    cuCtxDestroy(context);
  }

  private void allocate(float... values) {
    cuMemAlloc(memory, 4L * values.length);
    cuMemcpyHtoD(memory, Pointer.to(values), 4L * values.length);
  }

  private float[] read(int count) {
    float[] values = new float[count];
    cuMemcpyDtoH(Pointer.to(values), memory, 4L * count);
    return values;
  }

  private static CUfunction kernel() {
    CUmodule module = new CUmodule();
    cuModuleLoadData(module, PTX);
    CUfunction function = new CUfunction();
    cuModuleGetFunction(function, module, "scale");
    return function;
  }

  private Pointer arguments(float factor) {
    return Pointer.to(Pointer.to(memory), Pointer.to(new float[] {factor}));
  }

  @Test
  void shouldLaunchProgramsKernel() {
    allocate(1, 2, 3, 4, 5, 6);
    cuLaunchKernel(kernel(), 3, 2, 1, 1, 1, 1, 0, null, arguments(10), null);
    assertArrayEquals(new float[] {10, 20, 30, 40, 50, 60}, read(6));
  }

  @Test
  void shouldPassOffsetPointers() {
    allocate(1, 2, 3);
    Pointer arguments =
        Pointer.to(
            Pointer.to(memory.withByteOffset(4)),
            Pointer.to(new float[] {7, -1}).withByteOffset(4));
    cuLaunchKernel(kernel(), 2, 1, 1, 1, 1, 1, 0, new CUstream(), arguments, null);
    assertArrayEquals(new float[] {1, -2, -3}, read(3));
  }

  @Test
  void shouldRejectWrongArguments() {
    allocate(1);
    CUfunction kernel = kernel();
    Pointer one = Pointer.to(Pointer.to(memory));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, null, one, null));
    assertTrue(e.getMessage().contains("has 2 parameters, but"), e.getMessage());
    Pointer small = Pointer.to(Pointer.to(new int[] {1}), Pointer.to(new float[] {1}));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, null, small, null));
  }

  @Test
  void shouldCopyFromAndToEveryKindOfHostMemory() {
    cuMemAlloc(memory, 16);
    float[] values = {1, 2, 3, 4};
    ByteBuffer direct = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
    direct.asFloatBuffer().put(values);
    Pointer pinned = new Pointer();
    cuMemAllocHost(pinned, 16);
    pinned.getByteBuffer(0, 16).order(ByteOrder.nativeOrder()).asFloatBuffer().put(values);
    int[] bits = new int[4];
    direct.asIntBuffer().get(bits);
    byte[] bytes = new byte[16];
    direct.get(bytes).clear();
    for (Pointer source :
        List.of(
            Pointer.to(values),
            Pointer.to(bits),
            Pointer.to(bytes),
            Pointer.to(direct),
            Pointer.to(direct.asFloatBuffer()),
            Pointer.toBuffer(FloatBuffer.wrap(new float[] {0, 1, 2, 3, 4}).position(1)),
            pinned)) {
      cuMemsetD32(memory, 0, 4);
      cuMemcpyHtoD(memory, source, 16);
      assertArrayEquals(values, read(4), source.toString());
    }
    short[] halves = new short[8];
    cuMemcpyDtoH(Pointer.to(halves).withByteOffset(3), memory.withByteOffset(3), 9);
    assertEquals(0, halves[0]);
    assertEquals((short) (bits[0] >>> 16) & 0xff00, halves[1] & 0xffff);
    assertEquals(bits[2] & 0xffff, halves[4] & 0xffff);
    cuMemFreeHost(pinned);
  }

  @Test
  void shouldRejectHostAndDevicePointersInTheWrongPlace() {
    allocate(1, 2);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> cuMemcpyHtoD(memory, memory, 4));
    assertTrue(e.getMessage().contains("points to device memory"), e.getMessage());
    assertThrows(
        IndexOutOfBoundsException.class, () -> cuMemcpyHtoD(memory, Pointer.to(new float[1]), 8));
  }

  @Test
  void shouldAnswerQuestionsAboutPointers() {
    allocate(1, 2);
    CUdeviceptr pinned = new CUdeviceptr();
    cuMemAllocHost(pinned, 8);
    int[] type = new int[1];
    int memoryType = CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE;
    cuPointerGetAttribute(Pointer.to(type), memoryType, memory.withByteOffset(4));
    assertEquals(CUmemorytype.CU_MEMORYTYPE_DEVICE, type[0]);
    cuPointerGetAttribute(Pointer.to(type), memoryType, pinned);
    assertEquals(CUmemorytype.CU_MEMORYTYPE_HOST, type[0]);
    CUdeviceptr unknown = memory.withByteOffset(1L << 40);
    CudaException e =
        assertThrows(
            CudaException.class,
            () -> cuPointerGetAttribute(Pointer.to(type), memoryType, unknown));
    assertEquals("CUDA_ERROR_INVALID_VALUE", e.getMessage());
    cuMemFreeHost(pinned);
  }

  @Test
  void shouldRejectPinnedHostMemoryAsGradients() {
    allocate(1, 2);
    Pointer pinned = new Pointer();
    cuMemAllocHost(pinned, 8);
    LambBuilder builder =
        Lamb.onCuda()
            .group("all", Hyperparameters.lamb(0.1), Parameter.onDevice("w", memory, pinned, 2));
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, builder::build);
    assertTrue(e.getMessage().contains("parameter w: gradients at 0x"), e.getMessage());
    assertTrue(e.getMessage().contains("pinned host memory"), e.getMessage());
    cuMemFreeHost(pinned);
  }

  @Test
  void shouldRequireTheAttributeForMuchSharedMemory() {
    allocate(1, 2);
    CUfunction function = kernel();
    JCudaDriver.setExceptionsEnabled(false);
    assertEquals(0, launch(function, 48 << 10));
    assertEquals(CUresult.CUDA_ERROR_INVALID_VALUE, launch(function, 50_000));
    assertEquals(CUresult.CUDA_ERROR_INVALID_VALUE, allowShared(function, 1 << 20));
    assertEquals(0, allowShared(function, 50_000));
    assertEquals(0, launch(function, 50_000));
    assertEquals(CUresult.CUDA_ERROR_INVALID_VALUE, launch(function, 50_001));
  }

  private int launch(CUfunction function, int sharedBytes) {
    Pointer arguments = Pointer.to(Pointer.to(memory), Pointer.to(new float[] {1}));
    return cuLaunchKernel(function, 2, 1, 1, 1, 1, 1, sharedBytes, null, arguments, null);
  }

  private static int allowShared(CUfunction function, int bytes) {
    return JCudaDriver.cuFuncSetAttribute(
        function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes);
  }

  @Test
  void shouldReturnOrThrowErrors() {
    EmulatedGpu.driver().fail(Call.ALLOCATE, 1, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    CudaException e = assertThrows(CudaException.class, () -> cuMemAlloc(memory, 4));
    assertEquals("CUDA_ERROR_OUT_OF_MEMORY", e.getMessage());
    JCudaDriver.setExceptionsEnabled(false);
    EmulatedGpu.driver().fail(Call.ALLOCATE, 1, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    assertEquals(CUresult.CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(memory, 4));
    EmulatedGpu.driver().fail(Call.ALLOCATE, 1, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    e = assertThrows(CudaException.class, () -> cudaMalloc(new Pointer(), 4));
    assertEquals("cudaErrorMemoryAllocation", e.getMessage());
  }

  @Test
  void shouldFollowTheCurrentContext() {
    CUcontext current = new CUcontext();
    cuCtxGetCurrent(current);
    assertEquals(context, current);
    cuCtxDestroy(context);
    cuCtxGetCurrent(current);
    assertEquals(new CUcontext(), current);
    CudaException e = assertThrows(CudaException.class, () -> cuMemAlloc(memory, 4));
    assertEquals("CUDA_ERROR_INVALID_CONTEXT", e.getMessage());
    cudaMalloc(memory, 4); // the runtime uses the primary context
    cudaFree(memory);
    JCudaDriver.setExceptionsEnabled(false); // cuCtxDestroy in returnCodes now fails
  }

  @Test
  void shouldOfferTheRuntimeApi() {
    Pointer pointer = new Pointer();
    cudaMalloc(pointer, 8);
    cudaMemset(pointer, 1, 8);
    Pointer host = new Pointer();
    cudaMallocHost(host, 8);
    cudaMemcpy(host, pointer, 8, cudaMemcpyKind.cudaMemcpyDefault);
    assertEquals(0x0101_0101_0101_0101L, host.getByteBuffer(0, 8).getLong());
    Pointer copy = new Pointer();
    cudaMalloc(copy, 8);
    cudaMemcpy(copy, pointer, 8, cudaMemcpyKind.cudaMemcpyDeviceToDevice);
    long[] value = new long[1];
    cudaMemcpy(Pointer.to(value), copy, 8, cudaMemcpyKind.cudaMemcpyDeviceToHost);
    assertEquals(0x0101_0101_0101_0101L, value[0]);
    assertEquals(2, EmulatedGpu.driver().liveAllocations().size());
    cudaFree(pointer);
    cudaFree(copy);
    assertEquals(List.of(), EmulatedGpu.driver().liveAllocations());
  }

  @Test
  void shouldKnowStreamsAndEvents() {
    CUstream stream = new CUstream();
    cuStreamCreate(stream, 0);
    CUevent start = new CUevent();
    CUevent end = new CUevent();
    cuEventCreate(start, 0);
    cuEventCreate(end, 0);
    allocate(1);
    cuEventRecord(start, stream);
    cuLaunchKernel(kernel(), 1, 1, 1, 1, 1, 1, 0, stream, arguments(2), null);
    cuEventRecord(end, stream);
    float[] millis = new float[1];
    cuEventElapsedTime(millis, start, end);
    assertTrue(millis[0] > 0);
    cuStreamDestroy(stream);
    assertThrows(CudaException.class, () -> cuStreamSynchronize(stream));
  }

  @Test
  void shouldNameWhatItDoesNotEmulate() {
    UnsupportedOperationException e =
        assertThrows(
            UnsupportedOperationException.class, () -> cuStreamGetId(new CUstream(), new long[1]));
    assertTrue(e.getMessage().contains("JCudaDriver.cuStreamGetId is not emulated"));
    byte[] cubin = {0x7f, 'E', 'L', 'F', 0};
    e =
        assertThrows(
            UnsupportedOperationException.class, () -> cuModuleLoadData(new CUmodule(), cubin));
    assertTrue(e.getMessage().contains("a cubin"), e.getMessage());
    assertThrows(CudaException.class, () -> cuGraphLaunch(new CUgraphExec(), null));
  }
}
