package io.github.lamb4j.emulator.jcuda;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxDestroy;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.runtime.JCuda.cudaFree;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.emulator.EmulatedGpu;
import io.github.lamb4j.emulator.EmulatorException;
import java.nio.charset.StandardCharsets;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUgraph;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaDeviceProp;
import jcuda.runtime.cudaError;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** What the stand-ins say of the device, and of calls that are wrong. */
@Tag("jcuda")
@EnabledIfSystemProperty(named = "lamb4j.device", matches = "stand-ins")
class StandInDeviceTest {

  private final CUcontext context = new CUcontext();

  @BeforeEach
  void createContext() {
    EmulatedGpu.reset();
    JCudaDriver.setExceptionsEnabled(true);
    JCuda.setExceptionsEnabled(true);
    cuInit(0);
    cuCtxCreate(context, 0, new CUdevice());
  }

  @AfterEach
  void returnCodes() {
    JCudaDriver.setExceptionsEnabled(false);
    JCuda.setExceptionsEnabled(false);
    cuCtxDestroy(context);
  }

  @Test
  void shouldRememberTheLastErrorOfTheRuntime() {
    JCuda.setExceptionsEnabled(false);
    EmulatedGpu.driver().fail(Call.ALLOCATE, 1, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    assertEquals(cudaError.cudaErrorMemoryAllocation, JCuda.cudaMalloc(new Pointer(), 4));
    assertEquals(cudaError.cudaErrorMemoryAllocation, JCuda.cudaPeekAtLastError());
    assertEquals(cudaError.cudaErrorMemoryAllocation, JCuda.cudaGetLastError());
    assertEquals(0, JCuda.cudaGetLastError());
  }

  @Test
  void shouldDescribeTheDevice() {
    cudaDeviceProp properties = new cudaDeviceProp();
    JCuda.cudaGetDeviceProperties(properties, 0);
    assertEquals(65_536, properties.regsPerBlock);
    assertEquals(65_536, properties.totalConstMem);
    EmulatedDevice device = EmulatedGpu.DEFAULT;
    assertEquals(device.sharedMemoryPerBlock(), properties.sharedMemPerBlockOptin);
    assertEquals(device.memoryBusBits(), properties.memoryBusWidth);
    EmulatedGpu.reset(EmulatedGpu.DEFAULT.withMultiprocessors(3, 2), 5);
    JCuda.cudaGetDeviceProperties(properties, 0);
    assertEquals(3, properties.multiProcessorCount);
  }

  @Test
  void shouldNameMisuseThatAGpuMightNotDetect() {
    assertEquals(
        "capture ended on a stream that is not being captured",
        assertThrows(
                EmulatorException.class,
                () -> JCudaDriver.cuStreamEndCapture(new CUstream(), new CUgraph()))
            .getMessage());
    assertThrows(IllegalArgumentException.class, () -> JCuda.cudaFree(Pointer.to(new float[1])));
    assertEquals(0, JCuda.cudaFree(null));
  }

  @Test
  void shouldRejectTheDefaultStreamOfEachThread() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> Lamb.onCuda(JCudaDriver.CU_STREAM_PER_THREAD));
    assertTrue(e.getMessage().contains("another stream in each thread"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Lamb.onCuda(2));
  }

  @Test
  void shouldShowThatTheDeviceIsEmulated() {
    byte[] name = new byte[64];
    cuDeviceGetName(name, name.length, new CUdevice());
    assertEquals(EmulatedDevice.NAME, new String(name, StandardCharsets.US_ASCII).trim());
  }

  @Test
  void shouldFreeNothingForNullPointers() {
    assertEquals(0, cuMemFree(new CUdeviceptr()));
    assertEquals(0, cudaFree(new Pointer()));
  }
}
