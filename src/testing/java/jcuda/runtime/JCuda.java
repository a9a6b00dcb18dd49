package jcuda.runtime;

import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.jcuda.Natives;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import jcuda.LogLevel;

/**
 * JCuda's runtime API on the emulated GPU of this process. Calls that it does not emulate throw
 * UnsupportedOperationException. Work runs when it is enqueued, so streams and events never wait.
 */
public class JCuda extends RuntimeMemory {

  public static final int CUDART_VERSION = 12060;
  public static cudaStream_t cudaStreamLegacy = stream(1);
  public static cudaStream_t cudaStreamPerThread = stream(2);

  private JCuda() {}

  private static cudaStream_t stream(long handle) {
    cudaStream_t stream = new cudaStream_t();
    Natives.set(stream, handle);
    return stream;
  }

  public static void initialize() {}

  public static void setLogLevel(LogLevel logLevel) {}

  public static void setExceptionsEnabled(boolean enabled) {
    API.setExceptionsEnabled(enabled);
  }

  public static int cudaGetLastError() {
    return API.lastError(true);
  }

  public static int cudaPeekAtLastError() {
    return API.lastError(false);
  }

  public static String cudaGetErrorName(int error) {
    return cudaError.stringFor(error);
  }

  public static String cudaGetErrorString(int error) {
    return cudaError.stringFor(error);
  }

  // --- The device --------------------------------------------------------------------------------

  public static int cudaDriverGetVersion(int[] driverVersion) {
    return API.call(gpu -> driverVersion[0] = gpu.driverVersion());
  }

  public static int cudaRuntimeGetVersion(int[] runtimeVersion) {
    runtimeVersion[0] = CUDART_VERSION;
    return 0;
  }

  public static int cudaGetDeviceCount(int[] count) {
    count[0] = 1;
    return 0;
  }

  public static int cudaGetDevice(int[] device) {
    device[0] = 0;
    return 0;
  }

  public static int cudaSetDevice(int device) {
    if (device != 0) {
      return API.result(cudaError.cudaErrorInvalidDevice);
    }
    return API.call(gpu -> gpu.makeCurrent(gpu.context()));
  }

  public static int cudaSetDeviceFlags(int flags) {
    return 0;
  }

  public static int cudaGetDeviceProperties(cudaDeviceProp prop, int device) {
    if (device != 0) {
      return API.result(cudaError.cudaErrorInvalidDevice);
    }
    return API.call(gpu -> describe(prop, gpu.api().device()));
  }

  /** Of every device from compute capability 7.0 on. */
  private static final int REGISTERS = 1 << 16;

  @SuppressWarnings("deprecation") // the clocks, which programs still ask for
  private static void describe(cudaDeviceProp prop, EmulatedDevice device) {
    byte[] name = EmulatedDevice.NAME.getBytes(StandardCharsets.US_ASCII);
    prop.name = Arrays.copyOf(name, 256);
    prop.totalGlobalMem = device.totalMemory();
    prop.sharedMemPerBlock = Math.min(48 << 10, device.sharedMemoryPerBlock());
    prop.sharedMemPerBlockOptin = device.sharedMemoryPerBlock();
    prop.sharedMemPerMultiprocessor = device.sharedMemoryPerMultiprocessor();
    prop.regsPerBlock = REGISTERS;
    prop.regsPerMultiprocessor = REGISTERS;
    prop.totalConstMem = 64 << 10;
    prop.clockRate = device.clockKilohertz();
    prop.memoryClockRate = device.clockKilohertz();
    prop.memoryBusWidth = device.memoryBusBits();
    prop.warpSize = 32;
    prop.maxThreadsPerBlock = 1024;
    prop.maxThreadsDim = new int[] {1024, 1024, 64};
    prop.maxGridSize = new int[] {Integer.MAX_VALUE, 65535, 65535};
    prop.major = device.computeCapability() / 10;
    prop.minor = device.computeCapability() % 10;
    prop.multiProcessorCount = device.multiprocessors();
    prop.maxThreadsPerMultiProcessor = device.threadsPerMultiprocessor();
    prop.l2CacheSize = device.l2CacheBytes();
    prop.unifiedAddressing = 1;
  }

  public static int cudaDeviceSynchronize() {
    return API.call(gpu -> gpu.api().expectContext());
  }

  public static int cudaThreadSynchronize() {
    return cudaDeviceSynchronize();
  }

  // --- Streams and events ------------------------------------------------------------------------

  public static int cudaStreamCreate(cudaStream_t stream) {
    return API.call(gpu -> Natives.set(stream, gpu.api().createStream()));
  }

  public static int cudaStreamCreateWithFlags(cudaStream_t pStream, int flags) {
    return cudaStreamCreate(pStream);
  }

  public static int cudaStreamCreateWithPriority(cudaStream_t pStream, int flags, int priority) {
    return cudaStreamCreate(pStream);
  }

  public static int cudaStreamDestroy(cudaStream_t stream) {
    return API.call(gpu -> gpu.api().destroyStream(Natives.of(stream)));
  }

  public static int cudaStreamSynchronize(cudaStream_t stream) {
    return API.callOn(stream, EmulatedDriver::synchronize);
  }

  public static int cudaStreamQuery(cudaStream_t stream) {
    return cudaStreamSynchronize(stream);
  }

  public static int cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, int flags) {
    return API.callOn(stream, (gpu, on) -> gpu.api().expectEvent(Natives.of(event)));
  }

  public static int cudaEventCreate(cudaEvent_t event) {
    return API.call(gpu -> Natives.set(event, gpu.createEvent()));
  }

  public static int cudaEventCreateWithFlags(cudaEvent_t event, int flags) {
    return cudaEventCreate(event);
  }

  public static int cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    return API.callOn(stream, (gpu, on) -> gpu.recordEvent(Natives.of(event), on));
  }

  public static int cudaEventQuery(cudaEvent_t event) {
    return cudaEventSynchronize(event);
  }

  public static int cudaEventSynchronize(cudaEvent_t event) {
    return API.call(gpu -> gpu.api().expectEvent(Natives.of(event)));
  }

  public static int cudaEventElapsedTime(float[] ms, cudaEvent_t start, cudaEvent_t end) {
    return API.call(gpu -> ms[0] = gpu.elapsedMillis(Natives.of(start), Natives.of(end)));
  }

  public static int cudaEventDestroy(cudaEvent_t event) {
    return API.call(gpu -> gpu.destroyEvent(Natives.of(event)));
  }
}
