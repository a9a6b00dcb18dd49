package io.github.lamb4j.cuda.emulator;

import io.github.lamb4j.cuda.CudaDriver;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import jcuda.driver.CUstream;

/**
 * A CUDA driver that needs no GPU: it runs PTX as it stands, one warp at a time, and checks what a
 * GPU does not. All work is done when it is enqueued, whatever its stream, so that {@link
 * #synchronize} has nothing left to wait for. For use by one thread at a time.
 */
public final class EmulatedDriver implements CudaDriver, AutoCloseable {

  private static final int L2_CACHE_BYTES = 1 << 12;
  private static final int CLOCK_KHZ = 1_000_000;

  /** The calls that can fail, and what the driver calls them. */
  public enum Call {
    RETAIN_CONTEXT("cuDevicePrimaryCtxRetain"),
    RELEASE_CONTEXT("cuDevicePrimaryCtxRelease"),
    ATTRIBUTE("cuDeviceGetAttribute"),
    MEMORY("cuMemGetInfo"),
    ALLOCATE("cuMemAlloc"),
    FREE("cuMemFree"),
    COPY_TO_DEVICE("cuMemcpyHtoDAsync"),
    COPY_TO_HOST("cuMemcpyDtoHAsync"),
    COPY_ON_DEVICE("cuMemcpyDtoDAsync"),
    CLEAR("cuMemsetD8Async"),
    LOAD_MODULE("cuModuleLoadData"),
    UNLOAD_MODULE("cuModuleUnload"),
    FUNCTION("cuModuleGetFunction"),
    PREPARE("cuFuncSetAttribute"),
    ENQUEUE("cuLaunchKernel"),
    SYNCHRONIZE("cuStreamSynchronize"),
    CREATE_EVENT("cuEventCreate"),
    RECORD_EVENT("cuEventRecord"),
    ELAPSED("cuEventElapsedTime"),
    DESTROY_EVENT("cuEventDestroy");

    final String entryPoint;

    Call(String entryPoint) {
      this.entryPoint = entryPoint;
    }
  }

  private final EmulatedDevice device;
  private final ThreadLocal<Long> current = new ThreadLocal<>();
  private final GlobalMemory memory = new GlobalMemory();
  private final RaceDetector races = new RaceDetector();
  private final Map<Long, Allocation> owned = new TreeMap<>();
  private final Map<Long, LoadedModule> modules = new HashMap<>();
  private final Map<Long, Kernel> functions = new HashMap<>();
  private final Map<Long, Long> functionModules = new HashMap<>();
  private final Map<Long, Long> events = new HashMap<>();
  private final DriverErrors errors = new DriverErrors();
  private final List<LaunchReport> launches = new ArrayList<>();
  private long nextHandle = 0x5500_0000_1000L;
  private final long context = newHandle();
  private int retained;
  private long nanoseconds;
  private long seed;
  private boolean copiesOfUndefinedBytes;
  private UnaryOperator<String> rewriting = UnaryOperator.identity();

  /** A device and a context, which is the calling thread's current one. */
  public EmulatedDriver(EmulatedDevice device, long seed) {
    this.device = device;
    this.seed = seed;
    makeCurrent(context);
  }

  public EmulatedDriver() {
    this(EmulatedDevice.SMALL, 1);
  }

  // --- What tests ask for ----------------------------------------------------------------------

  /** The context of this device. */
  public long context() {
    return context;
  }

  /** Sets the calling thread's current context; 0 for none. */
  public void makeCurrent(long handle) {
    current.set(handle);
  }

  /** Changes the text of the modules to come: a fault planted in them must be found. */
  public void rewrite(UnaryOperator<String> change) {
    rewriting = change;
  }

  /** The schedules of the launches to come: the same seed gives the same ones. */
  public void seed(long value) {
    seed = value;
  }

  /** Lets the nth call from now on fail with this code, as the driver would report it. */
  public void fail(Call call, int nth, int code) {
    errors.fail(call, nth, code);
  }

  /**
   * Whether copies may take bytes that nothing wrote; they are 0xa5. Fewer than eight of them in a
   * row are taken for a structure's padding and always copied.
   */
  public void allowCopiesOfUndefinedBytes(boolean allow) {
    copiesOfUndefinedBytes = allow;
  }

  public List<LaunchReport> launches() {
    return Collections.unmodifiableList(launches);
  }

  public LaunchReport lastLaunch() {
    return launches.get(launches.size() - 1);
  }

  public void forgetLaunches() {
    launches.clear();
  }

  /** What is allocated: the purposes and their bytes. */
  public List<String> liveAllocations() {
    return owned.values().stream().map(Allocation::toString).toList();
  }

  /** The bytes that are allocated for each purpose. */
  public Map<String, Long> liveBytes() {
    Map<String, Long> bytes = new TreeMap<>();
    owned.values().forEach(a -> bytes.merge(a.purpose, a.bytes, Long::sum));
    return bytes;
  }

  /** Fails if anything was not given back. */
  @Override
  public void close() {
    List<String> left = new ArrayList<>(liveAllocations());
    modules.keySet().forEach(module -> left.add("module 0x%x".formatted(module)));
    events.keySet().forEach(event -> left.add("event 0x%x".formatted(event)));
    if (retained > 0) left.add("%d times the primary context".formatted(retained));
    if (!left.isEmpty()) throw new EmulatorException("not given back: " + String.join(", ", left));
  }

  // --- The driver ------------------------------------------------------------------------------

  @Override
  public long currentContext() {
    Long handle = current.get();
    return handle == null ? 0 : handle;
  }

  @Override
  public void retainPrimaryContext(int ordinal) {
    String doing = "retaining the primary context of device " + ordinal;
    errors.failIfAsked(Call.RETAIN_CONTEXT, doing);
    if (ordinal != 0)
      throw DriverErrors.failed(Call.RETAIN_CONTEXT, DriverErrors.INVALID_DEVICE, doing);
    retained++;
    makeCurrent(context);
  }

  @Override
  public void makePrimaryContextCurrent(int ordinal) {
    if (ordinal != 0 || retained == 0) {
      throw DriverErrors.failed(
          Call.RETAIN_CONTEXT, DriverErrors.INVALID_CONTEXT, "making a primary context current");
    }
    makeCurrent(context);
  }

  @Override
  public void releasePrimaryContext(int ordinal) {
    String doing = "releasing the primary context of device " + ordinal;
    errors.failIfAsked(Call.RELEASE_CONTEXT, doing);
    if (ordinal != 0)
      throw DriverErrors.failed(Call.RELEASE_CONTEXT, DriverErrors.INVALID_DEVICE, doing);
    if (--retained < 0) throw new EmulatorException("a context released more often than retained");
    makeCurrent(0);
  }

  @Override
  public int driverVersion() {
    return device.driverVersion();
  }

  @Override
  public String deviceName() {
    enter(Call.ATTRIBUTE, "asking for the device's name");
    return "Emulated device";
  }

  @Override
  public int attribute(DeviceAttribute attribute) {
    enter(Call.ATTRIBUTE, "asking for " + attribute);
    return switch (attribute) {
      case COMPUTE_CAPABILITY_MAJOR -> device.computeCapability() / 10;
      case COMPUTE_CAPABILITY_MINOR -> device.computeCapability() % 10;
      case MULTIPROCESSORS -> device.multiprocessors();
      case THREADS_PER_MULTIPROCESSOR -> device.threadsPerMultiprocessor();
      case SHARED_MEMORY_PER_MULTIPROCESSOR -> device.sharedMemoryPerMultiprocessor();
      case SHARED_MEMORY_PER_BLOCK_OPTIN -> device.sharedMemoryPerBlock();
      case L2_CACHE -> L2_CACHE_BYTES;
      case CLOCK, MEMORY_CLOCK -> CLOCK_KHZ;
    };
  }

  @Override
  public DeviceMemory memory() {
    enter(Call.MEMORY, "asking for the memory");
    return new DeviceMemory(device.totalMemory() - memory.used(), device.totalMemory());
  }

  @Override
  public DeviceRange rangeOf(long address) {
    Allocation allocation = memory.find(address, 1);
    return allocation == null ? null : new DeviceRange(allocation.start, allocation.bytes);
  }

  @Override
  public long allocate(long bytes, String purpose) {
    String doing = "allocating %d bytes for %s".formatted(bytes, purpose);
    enter(Call.ALLOCATE, doing);
    if (bytes <= 0) throw DriverErrors.failed(Call.ALLOCATE, DriverErrors.INVALID_VALUE, doing);
    if (bytes > device.totalMemory() - memory.used()) {
      throw DriverErrors.failed(Call.ALLOCATE, DriverErrors.OUT_OF_MEMORY, doing);
    }
    Allocation allocation = memory.allocate(bytes, purpose);
    owned.put(allocation.start, allocation);
    return allocation.start;
  }

  @Override
  public void free(long address) {
    enter(Call.FREE, "freeing 0x%x".formatted(address));
    if (owned.remove(address) == null) {
      throw new EmulatorException(
          "free of 0x%x, which allocate did not give or free has taken: %s"
              .formatted(address, memory.describe(address)));
    }
    memory.free(address);
  }

  @Override
  public void copyToDevice(long target, ByteBuffer source, CUstream stream) {
    enter(Call.COPY_TO_DEVICE, "copying to 0x%x".formatted(target));
    expectDirect(source);
    Allocation allocation = range(target, source.remaining(), "a copy to the device");
    allocation.put(target - allocation.start, source.duplicate());
  }

  @Override
  public void copyToHost(ByteBuffer target, long source, CUstream stream) {
    enter(Call.COPY_TO_HOST, "copying from 0x%x".formatted(source));
    expectDirect(target);
    Allocation allocation = range(source, target.remaining(), "a copy to the host");
    long at = source - allocation.start;
    long hole = allocation.hole(at, target.remaining());
    if (hole >= 0 && !copiesOfUndefinedBytes) {
      throw new EmulatorException(
          "a copy to the host of bytes that nothing wrote, at byte %d of %s"
              .formatted(hole, allocation));
    }
    allocation.get(at, target.duplicate());
  }

  @Override
  public void copyOnDevice(long target, long source, long bytes, CUstream stream) {
    enter(Call.COPY_ON_DEVICE, "copying to 0x%x".formatted(target));
    Allocation from = range(source, bytes, "a copy on the device");
    Allocation to = range(target, bytes, "a copy on the device");
    if (source < target + bytes && target < source + bytes) {
      throw new EmulatorException("a copy of %d bytes onto itself in %s".formatted(bytes, to));
    }
    long hole = from.hole(source - from.start, bytes);
    if (hole >= 0 && !copiesOfUndefinedBytes) {
      throw new EmulatorException(
          "a copy of bytes that nothing wrote, at byte %d of %s".formatted(hole, from));
    }
    for (long at = 0; at < bytes; at++) {
      to.put(target - to.start + at, from.get(source - from.start + at));
    }
    nanoseconds += bytes; // one byte a nanosecond: of no meaning, but not nothing
  }

  @Override
  public void clear(long address, long bytes, CUstream stream) {
    enter(Call.CLEAR, "clearing %d bytes at 0x%x".formatted(bytes, address));
    Allocation allocation = range(address, bytes, "a clear");
    allocation.clear(address - allocation.start, bytes);
  }

  private Allocation range(long address, long bytes, String what) {
    Allocation allocation = memory.find(address, bytes);
    if (allocation == null) {
      throw new EmulatorException(
          "%s of %d bytes at 0x%x is out of bounds: %s"
              .formatted(what, bytes, address, memory.describe(address)));
    }
    return allocation;
  }

  static void expectDirect(ByteBuffer buffer) {
    if (!buffer.isDirect()) throw new EmulatorException("a buffer that is not direct");
  }

  @Override
  public long loadModule(byte[] ptx) {
    String doing = "loading a module";
    enter(Call.LOAD_MODULE, doing);
    int length = ptx.length;
    if (length == 0 || ptx[length - 1] != 0) {
      throw new EmulatorException("PTX text must end in a zero byte");
    }
    String text = new String(ptx, 0, length - 1, StandardCharsets.US_ASCII);
    ParsedModule parsed = PtxParser.parse(rewriting.apply(text));
    if (parsed.version() > ptxVersion(device.driverVersion())) {
      throw DriverErrors.failed(Call.LOAD_MODULE, DriverErrors.UNSUPPORTED_PTX_VERSION, doing);
    }
    if (parsed.target() > device.computeCapability()) {
      throw DriverErrors.failed(Call.LOAD_MODULE, DriverErrors.NO_BINARY_FOR_GPU, doing);
    }
    long handle = newHandle();
    modules.put(handle, new LoadedModule(parsed, memory));
    return handle;
  }

  /** The newest PTX version that a driver knows, times ten: 6.0 with CUDA 9.0, 9.0 with 13.0. */
  private static int ptxVersion(int driverVersion) {
    int major = driverVersion / 1000;
    int minor = driverVersion % 1000 / 10;
    if (major == 10) return 63 + minor;
    return (major < 10 ? 60 : 10 * (major - 4)) + minor;
  }

  @Override
  public void unloadModule(long module) {
    enter(Call.UNLOAD_MODULE, "unloading a module");
    LoadedModule loaded = modules.remove(module);
    if (loaded == null) throw new EmulatorException("unload of what is no module");
    loaded.unload(memory);
    functionModules.entrySet().removeIf(entry -> entry.getValue() == module);
    functions.keySet().retainAll(functionModules.keySet());
  }

  @Override
  public long function(long module, String name) {
    String doing = "looking for kernel " + name;
    enter(Call.FUNCTION, doing);
    LoadedModule loaded = modules.get(module);
    if (loaded == null)
      throw DriverErrors.failed(Call.FUNCTION, DriverErrors.INVALID_HANDLE, doing);
    Kernel kernel = loaded.kernels.get(name);
    if (kernel == null) throw DriverErrors.failed(Call.FUNCTION, DriverErrors.NOT_FOUND, doing);
    long handle = newHandle();
    functions.put(handle, kernel);
    functionModules.put(handle, module);
    return handle;
  }

  @Override
  public Launch prepare(
      long function, String name, int grid, int threads, int sharedBytes, ByteBuffer... arguments) {
    enter(Call.PREPARE, "preparing " + name);
    return stream -> launch(function, name, grid, threads, sharedBytes, arguments, stream);
  }

  private void launch(
      long function,
      String name,
      int grid,
      int threads,
      int sharedBytes,
      ByteBuffer[] arguments,
      CUstream stream) {
    String doing = "launching " + name;
    enter(Call.ENQUEUE, doing);
    Kernel kernel = functions.get(function);
    if (kernel == null) throw DriverErrors.failed(Call.ENQUEUE, DriverErrors.INVALID_HANDLE, doing);
    int resident = kernel.residentBlocks(device, threads, sharedBytes);
    if (grid <= 0 || sharedBytes < 0 || resident <= 0) {
      throw DriverErrors.failed(Call.ENQUEUE, DriverErrors.INVALID_VALUE, doing);
    }
    Page parameters = kernel.parameters(arguments);
    if (races.start(grid, threads)) {
      memory.live().forEach(Allocation::forgetAccesses);
    }
    for (Allocation allocation : memory.live()) allocation.loaded = allocation.stored = 0;
    Grid running =
        new Grid(
            kernel,
            grid,
            threads,
            sharedBytes,
            device.multiprocessors(),
            resident,
            parameters,
            memory,
            races,
            seed++);
    running.run();
    nanoseconds += running.nanoseconds();
    launches.add(LaunchReport.of(running, stream));
  }

  /** Captures cannot be begun. */
  @Override
  public boolean isCapturing(CUstream stream) {
    return false;
  }

  @Override
  public void synchronize(CUstream stream) {
    enter(Call.SYNCHRONIZE, "waiting for a stream");
  }

  @Override
  public long createEvent() {
    enter(Call.CREATE_EVENT, "creating an event");
    long handle = newHandle();
    events.put(handle, -1L);
    return handle;
  }

  @Override
  public void recordEvent(long event, CUstream stream) {
    enter(Call.RECORD_EVENT, "recording an event");
    if (events.replace(event, nanoseconds) == null) {
      throw DriverErrors.failed(
          Call.RECORD_EVENT, DriverErrors.INVALID_HANDLE, "recording an event");
    }
  }

  @Override
  public float elapsedMillis(long start, long end) {
    enter(Call.ELAPSED, "comparing events");
    long from = events.getOrDefault(start, -1L);
    long to = events.getOrDefault(end, -1L);
    if (from < 0 || to < 0)
      throw DriverErrors.failed(Call.ELAPSED, DriverErrors.INVALID_HANDLE, "comparing events");
    return (to - from) / 1e6f;
  }

  @Override
  public void destroyEvent(long event) {
    enter(Call.DESTROY_EVENT, "destroying an event");
    if (events.remove(event) == null) {
      throw DriverErrors.failed(
          Call.DESTROY_EVENT, DriverErrors.INVALID_HANDLE, "destroying an event");
    }
  }

  private long newHandle() {
    return nextHandle += 0x100;
  }

  private void enter(Call call, String doing) {
    errors.failIfAsked(call, doing);
    if (currentContext() != context)
      throw DriverErrors.failed(call, DriverErrors.INVALID_CONTEXT, doing);
  }
}
