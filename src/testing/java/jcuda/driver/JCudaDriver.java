package jcuda.driver;

import io.github.lamb4j.emulator.Dimensions;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.jcuda.HostMemory;
import io.github.lamb4j.emulator.jcuda.Natives;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import jcuda.LogLevel;
import jcuda.NativePointerObject;
import jcuda.Pointer;

/**
 * JCuda's driver API on the emulated GPU of this process. Calls that it does not emulate throw
 * UnsupportedOperationException. Work runs when it is enqueued, so streams and events never wait.
 */
public class JCudaDriver extends DriverMemory {

  public static final int CUDA_VERSION = 12060;
  public static final CUstream CU_STREAM_LEGACY = stream(1);
  public static final CUstream CU_STREAM_PER_THREAD = stream(2);
  public static final CUdevice CU_DEVICE_CPU = device(-1);
  public static final CUdevice CU_DEVICE_INVALID = device(-2);

  private static final ThreadLocal<Deque<Long>> CONTEXTS = ThreadLocal.withInitial(ArrayDeque::new);

  private JCudaDriver() {}

  private static CUstream stream(long handle) {
    CUstream stream = new CUstream();
    Natives.set(stream, handle);
    return stream;
  }

  private static CUdevice device(long ordinal) {
    CUdevice device = new CUdevice();
    Natives.set(device, ordinal);
    return device;
  }

  public static void setLogLevel(LogLevel logLevel) {}

  public static void setExceptionsEnabled(boolean enabled) {
    API.setExceptionsEnabled(enabled);
  }

  public static int align(int value, int alignment) {
    return (value + alignment - 1) & -alignment;
  }

  public static int cuGetErrorString(int error, String[] pStr) {
    pStr[0] = CUresult.stringFor(error);
    return 0;
  }

  public static int cuGetErrorName(int error, String[] pStr) {
    pStr[0] = CUresult.stringFor(error);
    return 0;
  }

  // --- Devices and contexts ----------------------------------------------------------------------

  public static int cuInit(int Flags) {
    return API.result(Flags == 0 ? 0 : INVALID_VALUE);
  }

  public static int cuDriverGetVersion(int[] driverVersion) {
    return API.call(gpu -> driverVersion[0] = gpu.driverVersion());
  }

  public static int cuDeviceGetCount(int[] count) {
    count[0] = 1;
    return 0;
  }

  public static int cuDeviceGet(CUdevice device, int ordinal) {
    Natives.set(device, ordinal);
    return onDevice(device);
  }

  /** The code for a device: there is only the one with number 0. */
  private static int onDevice(CUdevice device) {
    return API.result(Natives.of(device) == 0 ? 0 : CUresult.CUDA_ERROR_INVALID_DEVICE);
  }

  public static int cuDeviceGetName(byte[] name, int len, CUdevice dev) {
    byte[] text = EmulatedDevice.NAME.getBytes(StandardCharsets.US_ASCII);
    Arrays.fill(name, (byte) 0);
    System.arraycopy(text, 0, name, 0, Math.min(text.length, len - 1));
    return onDevice(dev);
  }

  public static int cuDeviceTotalMem(long[] bytes, CUdevice dev) {
    int code = onDevice(dev);
    return code != 0 ? code : API.call(gpu -> bytes[0] = gpu.api().device().totalMemory());
  }

  public static int cuDeviceComputeCapability(int[] major, int[] minor, CUdevice dev) {
    int code = onDevice(dev);
    return code != 0
        ? code
        : API.call(
            gpu -> {
              major[0] = gpu.api().device().computeCapability() / 10;
              minor[0] = gpu.api().device().computeCapability() % 10;
            });
  }

  public static int cuDeviceGetAttribute(int[] pi, int CUdevice_attribute_attrib, CUdevice dev) {
    int code = onDevice(dev);
    return code != 0
        ? code
        : API.call(gpu -> pi[0] = Attributes.of(gpu.api().device(), CUdevice_attribute_attrib));
  }

  public static int cuDevicePrimaryCtxRetain(CUcontext pctx, CUdevice dev) {
    int code = onDevice(dev);
    return code != 0
        ? code
        : API.call(
            gpu -> {
              long before = gpu.currentContext();
              gpu.retainPrimaryContext(0);
              gpu.makeCurrent(before); // retaining does not make it current
              Natives.set(pctx, gpu.context());
            });
  }

  public static int cuDevicePrimaryCtxRelease(CUdevice dev) {
    int code = onDevice(dev);
    return code != 0 ? code : API.call(gpu -> gpu.dropPrimaryContext(0));
  }

  public static int cuCtxCreate(CUcontext pctx, int flags, CUdevice dev) {
    int code = onDevice(dev);
    return code != 0
        ? code
        : API.call(
            gpu -> {
              CONTEXTS.get().push(gpu.currentContext());
              Natives.set(pctx, gpu.api().createContext());
            });
  }

  public static int cuCtxDestroy(CUcontext ctx) {
    return API.call(
        gpu -> {
          boolean current = gpu.currentContext() == Natives.of(ctx);
          gpu.api().destroyContext(Natives.of(ctx));
          if (current) {
            popContext(gpu);
          }
        });
  }

  public static int cuCtxPushCurrent(CUcontext ctx) {
    return API.call(
        gpu -> {
          long before = gpu.currentContext();
          gpu.api().makeCurrent(Natives.of(ctx));
          CONTEXTS.get().push(before);
        });
  }

  public static int cuCtxPopCurrent(CUcontext pctx) {
    return API.call(
        gpu -> {
          gpu.api().expectContext();
          Natives.set(pctx, gpu.currentContext());
          popContext(gpu);
        });
  }

  private static void popContext(EmulatedDriver gpu) {
    Long before = CONTEXTS.get().poll();
    gpu.makeCurrent(before == null ? 0 : before);
  }

  public static int cuCtxSetCurrent(CUcontext ctx) {
    return API.call(gpu -> gpu.api().makeCurrent(Natives.of(ctx)));
  }

  public static int cuCtxGetCurrent(CUcontext pctx) {
    return API.call(gpu -> Natives.set(pctx, gpu.currentContext()));
  }

  public static final int cuCtxGetId(CUcontext ctx, long[] ctxId) {
    return API.call(gpu -> ctxId[0] = gpu.api().contextId(Natives.of(ctx)));
  }

  public static int cuCtxGetDevice(CUdevice device) {
    return API.call(
        gpu -> {
          gpu.api().expectContext();
          Natives.set(device, 0);
        });
  }

  public static int cuCtxSynchronize() {
    return API.call(gpu -> gpu.api().expectContext());
  }

  // --- Modules and launches ----------------------------------------------------------------------

  public static int cuModuleLoad(CUmodule module, String fname) {
    byte[] image;
    try {
      image = Files.readAllBytes(Path.of(fname));
    } catch (IOException e) {
      return API.result(CUresult.CUDA_ERROR_FILE_NOT_FOUND);
    }
    return cuModuleLoadData(module, Arrays.copyOf(image, image.length + 1));
  }

  public static int cuModuleLoadData(CUmodule module, String string) {
    return cuModuleLoadData(module, (string + '\0').getBytes(StandardCharsets.US_ASCII));
  }

  public static int cuModuleLoadData(CUmodule module, byte[] image) {
    return API.call(gpu -> Natives.set(module, gpu.loadModule(Images.ptx(image))));
  }

  public static int cuModuleLoadDataEx(
      CUmodule phMod, String string, int numOptions, int[] options, Pointer optionValues) {
    return cuModuleLoadData(phMod, string);
  }

  public static int cuModuleLoadDataEx(
      CUmodule phMod, Pointer p, int numOptions, int[] options, Pointer optionValues) {
    return cuModuleLoadData(phMod, HostMemory.readAll(p));
  }

  public static int cuModuleUnload(CUmodule hmod) {
    return API.call(gpu -> gpu.unloadModule(Natives.of(hmod)));
  }

  public static int cuModuleGetFunction(CUfunction hfunc, CUmodule hmod, String name) {
    return API.call(gpu -> Natives.set(hfunc, gpu.function(Natives.of(hmod), name)));
  }

  public static int cuModuleGetGlobal(CUdeviceptr dptr, long[] bytes, CUmodule hmod, String name) {
    return API.call(
        gpu -> {
          DeviceRange variable = gpu.variable(Natives.of(hmod), name);
          Natives.set(dptr, variable.start());
          if (bytes != null) {
            bytes[0] = variable.bytes();
          }
        });
  }

  public static int cuFuncSetAttribute(CUfunction hfunc, int attrib, int value) {
    return API.call(
        gpu -> {
          if (attrib == CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) {
            gpu.api().setDynamicShared(Natives.of(hfunc), value);
          } else {
            gpu.api().setFunctionAttribute(Natives.of(hfunc));
          }
        });
  }

  public static int cuFuncSetCacheConfig(CUfunction hfunc, int config) {
    return API.call(gpu -> gpu.api().setFunctionAttribute(Natives.of(hfunc)));
  }

  public static int cuLaunchKernel(
      CUfunction f,
      int gridDimX,
      int gridDimY,
      int gridDimZ,
      int blockDimX,
      int blockDimY,
      int blockDimZ,
      int sharedMemBytes,
      CUstream hStream,
      Pointer kernelParams,
      Pointer extra) {
    if (extra != null) {
      throw new UnsupportedOperationException(
          "cuLaunchKernel: arguments in 'extra' are not emulated; pass them in 'kernelParams'");
    }
    Dimensions grid = new Dimensions(gridDimX, gridDimY, gridDimZ);
    Dimensions block = new Dimensions(blockDimX, blockDimY, blockDimZ);
    return API.callOn(
        hStream,
        (gpu, stream) -> {
          long function = Natives.of(f);
          ByteBuffer[] arguments = arguments(gpu.parameterSizes(function), kernelParams);
          gpu.api().expectDynamicShared(function, sharedMemBytes);
          gpu.launch(function, grid, block, sharedMemBytes, stream, arguments);
        });
  }

  private static ByteBuffer[] arguments(int[] sizes, Pointer kernelParams) {
    NativePointerObject[] pointers = HostMemory.pointers(kernelParams);
    if (pointers.length != sizes.length) {
      throw new IllegalArgumentException(
          "cuLaunchKernel: the kernel has %d parameters, but 'kernelParams' points to %d"
              .formatted(sizes.length, pointers.length));
    }
    ByteBuffer[] arguments = new ByteBuffer[pointers.length];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = HostMemory.read((Pointer) pointers[i], sizes[i]);
    }
    return arguments;
  }

  // --- Streams -----------------------------------------------------------------------------------

  public static int cuStreamCreate(CUstream phStream, int Flags) {
    return API.call(gpu -> Natives.set(phStream, gpu.api().createStream()));
  }

  public static int cuStreamCreateWithPriority(CUstream phStream, int flags, int priority) {
    return cuStreamCreate(phStream, flags);
  }

  public static int cuStreamDestroy(CUstream hStream) {
    return API.call(gpu -> gpu.api().destroyStream(Natives.of(hStream)));
  }

  public static int cuStreamSynchronize(CUstream hStream) {
    return API.callOn(hStream, EmulatedDriver::synchronize);
  }

  public static int cuStreamQuery(CUstream hStream) {
    return cuStreamSynchronize(hStream);
  }

  public static int cuStreamWaitEvent(CUstream hStream, CUevent hEvent, int Flags) {
    return API.callOn(hStream, (gpu, stream) -> gpu.api().expectEvent(Natives.of(hEvent)));
  }

  public static int cuStreamIsCapturing(CUstream hStream, int[] captureStatus) {
    return API.callOn(
        hStream,
        (gpu, stream) ->
            captureStatus[0] =
                gpu.isCapturing(stream)
                    ? CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_ACTIVE
                    : CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE);
  }

  public static int cuStreamBeginCapture(CUstream hStream, int mode) {
    return API.callOn(hStream, (gpu, stream) -> gpu.api().beginCapture(stream));
  }

  public static int cuStreamEndCapture(CUstream hStream, CUgraph phGraph) {
    return API.callOn(hStream, (gpu, stream) -> Natives.set(phGraph, gpu.api().endCapture(stream)));
  }

  public static int cuGraphInstantiate(CUgraphExec phGraphExec, CUgraph hGraph, long flags) {
    return API.call(gpu -> Natives.set(phGraphExec, gpu.api().instantiate(Natives.of(hGraph))));
  }

  public static int cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream) {
    return API.callOn(
        hStream, (gpu, stream) -> gpu.api().launchGraph(Natives.of(hGraphExec), stream));
  }

  public static int cuGraphExecDestroy(CUgraphExec hGraphExec) {
    return API.call(gpu -> gpu.api().destroyGraph(Natives.of(hGraphExec)));
  }

  public static int cuGraphDestroy(CUgraph hGraph) {
    return API.call(gpu -> gpu.api().destroyGraph(Natives.of(hGraph)));
  }

  // --- Events ------------------------------------------------------------------------------------

  public static int cuEventCreate(CUevent phEvent, int Flags) {
    return API.call(gpu -> Natives.set(phEvent, gpu.createEvent()));
  }

  public static int cuEventRecord(CUevent hEvent, CUstream hStream) {
    return API.callOn(hStream, (gpu, stream) -> gpu.recordEvent(Natives.of(hEvent), stream));
  }

  public static int cuEventQuery(CUevent hEvent) {
    return cuEventSynchronize(hEvent);
  }

  public static int cuEventSynchronize(CUevent hEvent) {
    return API.call(gpu -> gpu.api().expectEvent(Natives.of(hEvent)));
  }

  public static int cuEventElapsedTime(float[] pMilliseconds, CUevent hStart, CUevent hEnd) {
    return API.call(
        gpu -> pMilliseconds[0] = gpu.elapsedMillis(Natives.of(hStart), Natives.of(hEnd)));
  }

  public static int cuEventDestroy(CUevent hEvent) {
    return API.call(gpu -> gpu.destroyEvent(Natives.of(hEvent)));
  }
}
