package io.github.lamb4j.internal.cuda.driver;

import static io.github.lamb4j.internal.cuda.driver.Results.check;
import static jcuda.driver.CUpointer_attribute.CU_POINTER_ATTRIBUTE_IS_MANAGED;
import static jcuda.driver.CUpointer_attribute.CU_POINTER_ATTRIBUTE_MAPPED;
import static jcuda.driver.CUpointer_attribute.CU_POINTER_ATTRIBUTE_MEMORY_TYPE;
import static jcuda.driver.CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_SIZE;
import static jcuda.driver.CUpointer_attribute.CU_POINTER_ATTRIBUTE_RANGE_START_ADDR;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_READY;
import static jcuda.driver.CUresult.CUDA_SUCCESS;
import static jcuda.driver.JCudaDriver.cuCtxGetDevice;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDriverGetVersion;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemGetAddressRange;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuPointerGetAttribute;
import static jcuda.driver.JCudaDriver.cuStreamIsCapturing;
import static jcuda.driver.JCudaDriver.cuStreamQuery;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import io.github.lamb4j.error.CudaException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import jcuda.Pointer;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUstreamCaptureStatus;

/**
 * The CUDA driver, called through JCuda.
 *
 * <p>JCuda either returns error codes or throws exceptions; the application sets this for the whole
 * process. This class handles both and does not change the setting.
 */
public final class JCudaDriver implements CudaDriver {

  /** The first CUDA version whose driver can capture streams: 10.0. */
  private static final int FIRST_TO_CAPTURE = 10_000;

  /** Exposes the address of a device pointer. */
  private static final class Address extends CUdeviceptr {
    long value() {
      return getNativePointer();
    }
  }

  /** A module and the handles of its functions by name, which become invalid with it. */
  private record LoadedModule(SharedModule module, Map<String, Long> functions) {}

  private final JCudaContexts contexts = new JCudaContexts();
  private final ThreadLocal<int[]> captureStatus = ThreadLocal.withInitial(() -> new int[1]);
  private final Map<Long, Object> handles = new ConcurrentHashMap<>();
  private final AtomicLong lastHandle = new AtomicLong();

  /** The driver's version; 0 until it is first needed. Racing threads store the same value. */
  private int version;

  /** Prepares JCuda's native libraries, which its first call loads. */
  public JCudaDriver() {
    NativeLibraries.unpack();
  }

  private long register(Object handle) {
    long number = lastHandle.incrementAndGet();
    handles.put(number, handle);
    return number;
  }

  /** The number of modules, functions and events that are registered, for tests. */
  int handleCount() {
    return handles.size();
  }

  private <T> T handle(Class<T> type, long number) {
    return type.cast(handles.get(number));
  }

  private static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  @Override
  public long currentContext() {
    return contexts.current().handle();
  }

  @Override
  public void retainPrimaryContext(int device) {
    contexts.retainPrimary(device);
  }

  @Override
  public void makePrimaryContextCurrent(int device) {
    contexts.makePrimaryCurrent(device);
  }

  @Override
  public boolean isPrimaryContextCurrent(int device) {
    return contexts.isPrimaryCurrent(device);
  }

  @Override
  public void dropPrimaryContext(int device) {
    contexts.dropPrimary(device);
  }

  @Override
  public void releasePrimaryContext(int device) {
    contexts.releasePrimary(device);
  }

  private static CUdevice currentDevice() {
    CUdevice device = new CUdevice();
    check(
        "cuCtxGetDevice", "looking up the current context's device", () -> cuCtxGetDevice(device));
    return device;
  }

  @Override
  public int driverVersion() {
    int[] version = new int[1];
    check("cuDriverGetVersion", "querying the driver version", () -> cuDriverGetVersion(version));
    return version[0];
  }

  @Override
  public String deviceName() {
    byte[] name = new byte[256];
    check(
        "cuDeviceGetName",
        "querying the device name",
        () -> cuDeviceGetName(name, name.length, currentDevice()));
    return new String(name, StandardCharsets.US_ASCII).split("\0", 2)[0];
  }

  @Override
  public int attribute(DeviceAttribute attribute) {
    int number =
        switch (attribute) {
          case COMPUTE_CAPABILITY_MAJOR ->
              CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
          case COMPUTE_CAPABILITY_MINOR ->
              CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
          case MULTIPROCESSORS -> CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
          case THREADS_PER_MULTIPROCESSOR ->
              CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR;
          case SHARED_MEMORY_PER_MULTIPROCESSOR ->
              CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR;
          case SHARED_MEMORY_PER_BLOCK_OPTIN ->
              CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
          case L2_CACHE -> CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE;
          case CLOCK -> CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE;
          case MEMORY_CLOCK -> CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE;
          case MEMORY_BUS_WIDTH -> CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH;
        };
    int[] value = new int[1];
    check(
        "cuDeviceGetAttribute",
        "querying " + attribute,
        () -> cuDeviceGetAttribute(value, number, currentDevice()));
    return value[0];
  }

  @Override
  public DeviceMemory memory() {
    long[] free = new long[1];
    long[] total = new long[1];
    check("cuMemGetInfo", "querying free device memory", () -> cuMemGetInfo(free, total));
    return new DeviceMemory(free[0], total[0]);
  }

  @Override
  public DeviceRange rangeOf(long address) {
    Address start = new Address();
    long[] bytes = new long[1];
    int code = Results.codeOf(() -> cuMemGetAddressRange(start, bytes, at(address)));
    return code == 0 ? new DeviceRange(start.value(), bytes[0]) : null;
  }

  @Override
  public DeviceRange reservationOf(long address) {
    if (pointerAttribute(CU_POINTER_ATTRIBUTE_MAPPED, address) == 0) {
      return null;
    }
    long start = pointerAttribute(CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, address);
    long bytes = pointerAttribute(CU_POINTER_ATTRIBUTE_RANGE_SIZE, address);
    return bytes == 0 ? null : new DeviceRange(start, bytes);
  }

  @Override
  public boolean isHostMemory(long address) {
    return pointerAttribute(CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address)
            == CUmemorytype.CU_MEMORYTYPE_HOST
        && pointerAttribute(CU_POINTER_ATTRIBUTE_IS_MANAGED, address) == 0;
  }

  /** A numeric attribute; 0 if the driver does not know the address or the attribute. */
  private static long pointerAttribute(int attribute, long address) {
    // Of 64 bits: the driver fills in fewer for smaller attributes, in little-endian order.
    long[] value = new long[1];
    int code =
        Results.codeOf(() -> cuPointerGetAttribute(Pointer.to(value), attribute, at(address)));
    return code == 0 ? value[0] : 0;
  }

  @Override
  public long allocate(long bytes, Purpose purpose, String owner) {
    Address address = new Address();
    check(
        "cuMemAlloc",
        "allocating %,d bytes of device memory for %s".formatted(bytes, purpose.of(owner)),
        () -> cuMemAlloc(address, bytes));
    return address.value();
  }

  @Override
  public void free(long address) {
    check(
        "cuMemFree",
        "freeing device memory at 0x%x".formatted(address),
        () -> cuMemFree(at(address)));
  }

  @Override
  public void copyToDevice(long target, ByteBuffer source, CudaStream stream) {
    try {
      enqueueToDevice(target, source, stream);
      String doing = "copying %,d bytes to the device".formatted(source.remaining());
      check("cuStreamSynchronize", doing, () -> cuStreamSynchronize(stream.handle()));
    } finally {
      Reference.reachabilityFence(source); // the device may read it until here
    }
  }

  @Override
  public void copyToHost(ByteBuffer target, long source, CudaStream stream) {
    try {
      enqueueToHost(target, source, stream);
      String doing = "copying %,d bytes from the device".formatted(target.remaining());
      check("cuStreamSynchronize", doing, () -> cuStreamSynchronize(stream.handle()));
    } finally {
      Reference.reachabilityFence(target);
    }
  }

  @Override
  public PinnedMemory allocatePinned(int bytes) {
    return new JCudaPinnedMemory(bytes);
  }

  @Override
  public void enqueueToDevice(long target, ByteBuffer source, CudaStream stream) {
    Pointer from = Pointer.to(source.slice());
    check(
        "cuMemcpyHtoDAsync",
        "copying %,d bytes to the device".formatted(source.remaining()),
        () -> cuMemcpyHtoDAsync(at(target), from, source.remaining(), stream.handle()));
  }

  @Override
  public void enqueueToHost(ByteBuffer target, long source, CudaStream stream) {
    Pointer to = Pointer.to(target.slice());
    check(
        "cuMemcpyDtoHAsync",
        "copying %,d bytes from the device".formatted(target.remaining()),
        () -> cuMemcpyDtoHAsync(to, at(source), target.remaining(), stream.handle()));
  }

  @Override
  public void copyOnDevice(long target, long source, long bytes, CudaStream stream) {
    check(
        "cuMemcpyDtoDAsync",
        "copying %,d bytes on the device".formatted(bytes),
        () -> cuMemcpyDtoDAsync(at(target), at(source), bytes, stream.handle()));
  }

  @Override
  public void clear(long address, long bytes, CudaStream stream) {
    check(
        "cuMemsetD8Async",
        "clearing %,d bytes of device memory".formatted(bytes),
        () -> cuMemsetD8Async(at(address), (byte) 0, bytes, stream.handle()));
  }

  @Override
  public long loadModule(byte[] ptx) {
    SharedModule module =
        SharedModule.acquire(ContextIds.of(contexts.current(), driverVersion()), ptx);
    return register(new LoadedModule(module, new ConcurrentHashMap<>()));
  }

  @Override
  public void unloadModule(long module) {
    LoadedModule loaded = handle(LoadedModule.class, module);
    loaded.module.release();
    handles.remove(module);
    handles.keySet().removeAll(loaded.functions.values());
  }

  @Override
  public long function(long module, String name) {
    LoadedModule loaded = handle(LoadedModule.class, module);
    return loaded.functions.computeIfAbsent(name, key -> register(loaded.module.kernel(name)));
  }

  @Override
  public Launch prepare(
      long function, String name, int grid, int threads, int sharedBytes, ByteBuffer... arguments) {
    JCudaKernel kernel = handle(JCudaKernel.class, function);
    kernel.allowSharedMemory(sharedBytes);
    return new JCudaLaunch(kernel.function, name, grid, threads, sharedBytes, arguments);
  }

  @Override
  public boolean isCapturing(CudaStream stream) {
    if (version == 0) {
      version = driverVersion();
    }
    if (version < FIRST_TO_CAPTURE) {
      return false; // calling a function that the driver lacks would end the process
    }
    int[] status = captureStatus.get();
    int code;
    try {
      code = cuStreamIsCapturing(stream.handle(), status);
    } catch (jcuda.CudaException e) {
      code = Results.codeOf(e);
    }
    if (code != 0) {
      throw new CudaException(
          "cuStreamIsCapturing", code, Results.nameOf(code), "querying the capture status");
    }
    return status[0] == CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_ACTIVE;
  }

  @Override
  public boolean isIdle(CudaStream stream) {
    int code = Results.codeOf(() -> cuStreamQuery(stream.handle()));
    if (code != CUDA_ERROR_NOT_READY) {
      check("cuStreamQuery", "asking whether a stream is idle", () -> code);
    }
    return code == CUDA_SUCCESS;
  }

  @Override
  public void synchronize(CudaStream stream) {
    check(
        "cuStreamSynchronize",
        "waiting for the stream",
        () -> cuStreamSynchronize(stream.handle()));
  }

  @Override
  public long createEvent() {
    CUevent event = new CUevent();
    check("cuEventCreate", "creating an event", () -> cuEventCreate(event, 0));
    return register(event);
  }

  @Override
  public OrderingEvent createOrderingEvent() {
    CUevent event = new CUevent();
    check(
        "cuEventCreate",
        "creating an event",
        () -> cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING));
    return new JCudaOrderingEvent(event);
  }

  @Override
  public void recordEvent(long event, CudaStream stream) {
    check(
        "cuEventRecord",
        "recording an event",
        () -> cuEventRecord(handle(CUevent.class, event), stream.handle()));
  }

  @Override
  public float elapsedMillis(long start, long end) {
    float[] millis = new float[1];
    CUevent from = handle(CUevent.class, start);
    CUevent to = handle(CUevent.class, end);
    check("cuEventSynchronize", "waiting for an event", () -> cuEventSynchronize(to));
    check(
        "cuEventElapsedTime",
        "reading the elapsed time",
        () -> cuEventElapsedTime(millis, from, to));
    return millis[0];
  }

  @Override
  public void destroyEvent(long event) {
    check(
        "cuEventDestroy",
        "destroying an event",
        () -> cuEventDestroy(handle(CUevent.class, event)));
    handles.remove(event);
  }
}
