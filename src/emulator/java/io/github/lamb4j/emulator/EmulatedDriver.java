package io.github.lamb4j.emulator;

import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * A CUDA driver without a GPU. It runs PTX one warp at a time and checks for faults that a GPU does
 * not detect. All work is done when it is enqueued, whatever its stream, unless the stream is being
 * captured; only copies from and to pinned memory are done when something waits for them. Not
 * thread-safe.
 */
public final class EmulatedDriver extends EmulatorControls implements CudaDriver, AutoCloseable {

  /** The calls that can fail, with their names in the driver API. */
  public enum Call {
    RETAIN_CONTEXT("cuDevicePrimaryCtxRetain"),
    RELEASE_CONTEXT("cuDevicePrimaryCtxRelease"),
    DESTROY_CONTEXT("cuCtxDestroy"),
    ATTRIBUTE("cuDeviceGetAttribute"),
    MEMORY("cuMemGetInfo"),
    ALLOCATE("cuMemAlloc"),
    FREE("cuMemFree"),
    ALLOCATE_PINNED("cuMemAllocHost"),
    FREE_PINNED("cuMemFreeHost"),
    COPY_TO_DEVICE("cuMemcpyHtoDAsync"),
    COPY_TO_HOST("cuMemcpyDtoHAsync"),
    COPY_ON_DEVICE("cuMemcpyDtoDAsync"),
    CLEAR("cuMemsetD8Async"),
    LOAD_MODULE("cuModuleLoadDataEx"),
    UNLOAD_MODULE("cuModuleUnload"),
    FUNCTION("cuModuleGetFunction"),
    VARIABLE("cuModuleGetGlobal"),
    PARAMETERS("cuFuncGetParamInfo"),
    PREPARE("cuFuncSetAttribute"),
    ENQUEUE("cuLaunchKernel"),
    QUERY("cuStreamQuery"),
    SYNCHRONIZE("cuStreamSynchronize"),
    IS_CAPTURING("cuStreamIsCapturing"),
    BEGIN_CAPTURE("cuStreamBeginCapture"),
    END_CAPTURE("cuStreamEndCapture"),
    LAUNCH_GRAPH("cuGraphLaunch"),
    CREATE_EVENT("cuEventCreate"),
    RECORD_EVENT("cuEventRecord"),
    WAIT_EVENT("cuStreamWaitEvent"),
    AWAIT_EVENT("cuEventSynchronize"),
    ELAPSED("cuEventElapsedTime"),
    DESTROY_EVENT("cuEventDestroy");

    final String entryPoint;

    Call(String entryPoint) {
      this.entryPoint = entryPoint;
    }
  }

  private final DriverApi api = new DriverApi(this);
  final Modules modules;
  private final Captures captures = new Captures();
  private final Launcher launcher;
  private final Set<CapturedGraph> graphs = new LinkedHashSet<>();
  final Events events = new Events();
  private final Set<Long> pinned = new HashSet<>();
  private final Divisions divisions = new Divisions();
  private final PinnedCopies pinnedCopies = new PinnedCopies();
  private long nextHandle = CONTEXT;

  /** Creates a device and a context, and makes the context current on the calling thread. */
  public EmulatedDriver(EmulatedDevice device, long seed) {
    super(device, seed);
    modules = new Modules(device, memory);
    launcher = new Launcher(device, modules, captures, executor);
    makeCurrent(context());
  }

  public EmulatedDriver() {
    this(EmulatedDevice.SMALL, 1);
  }

  /** The calls that stand-ins for JCuda need beyond those of this class. */
  public DriverApi api() {
    return api;
  }

  // --- For tests --------------------------------------------------------------------------------

  /** Allocates memory that is not an optimizer's. */
  public long allocate(long bytes, String name) {
    return allocate(bytes, Purpose.OTHER, name);
  }

  /** Allocates pinned host memory, which device code can access but an optimizer refuses. */
  public long allocateHost(long bytes, String name) {
    long address = allocate(bytes, name);
    pinned.add(address);
    return address;
  }

  /**
   * Reserves addresses and maps memory to them in pieces of these sizes, in order. A negative size
   * is a gap, which an optimizer must refuse; kernels could access it.
   */
  public long mapPieces(String name, long... sizes) {
    return allocate(name, sizes, true);
  }

  /**
   * Allocates blocks of these sizes, each of which begins where the one before ends. Freeing the
   * first frees all.
   */
  public long allocateNeighbors(String name, long... sizes) {
    return allocate(name, sizes, false);
  }

  private long allocate(String name, long[] sizes, boolean reserved) {
    long address = allocate(LongStream.of(sizes).map(Math::abs).sum(), name);
    divisions.divide(address, sizes, reserved);
    return address;
  }

  /** Creates a stream, which unlike the legacy one can be captured. It need not be destroyed. */
  public CudaStream newStream() {
    return CudaStream.ofOtherDriver();
  }

  /**
   * Records what the work enqueues on the stream instead of executing it: copies on the device,
   * clears, and launches with their current arguments. As on a GPU, waiting for the stream,
   * allocating, freeing, loading and unloading fail and invalidate the capture.
   *
   * @throws CudaException if the capture was invalidated
   */
  public Graph capture(CudaStream stream, Runnable work) {
    beginCapture(stream);
    try {
      work.run();
      return endCapture(stream);
    } catch (RuntimeException | Error e) {
      captures.abandon(stream);
      throw e;
    }
  }

  void beginCapture(CudaStream stream) {
    enter(Call.BEGIN_CAPTURE, "beginning a capture");
    captures.begin(stream, "beginning a capture");
  }

  CapturedGraph endCapture(CudaStream stream) {
    enter(Call.END_CAPTURE, "ending a capture");
    return new CapturedGraph(
        captures.end(stream, "ending a capture"), graph -> launch(graph, stream), graphs);
  }

  /** Fails if anything was not released. */
  @Override
  public void close() {
    List<String> left = new ArrayList<>(liveAllocations());
    graphs.forEach(graph -> left.add(graph.toString()));
    modules.loaded().forEach(module -> left.add("module 0x%x".formatted(module)));
    pinnedCopies.live().forEach(memory -> left.add(memory.toString()));
    events.created().forEach(event -> left.add("event 0x%x".formatted(event)));
    if (contexts.retained() > 0) {
      left.add("the primary context (retained %d times)".formatted(contexts.retained()));
    }
    if (!left.isEmpty()) throw new EmulatorException("not given back: " + String.join(", ", left));
  }

  // --- The driver ------------------------------------------------------------------------------

  @Override
  public long currentContext() {
    return contexts.current();
  }

  @Override
  public void retainPrimaryContext(int ordinal) {
    String doing = "retaining the primary context of device " + ordinal;
    errors.failIfAsked(Call.RETAIN_CONTEXT, doing);
    contexts.retainPrimary(ordinal, doing);
  }

  @Override
  public void makePrimaryContextCurrent(int ordinal) {
    contexts.makePrimaryCurrent(ordinal, "making a primary context current");
  }

  @Override
  public boolean isPrimaryContextCurrent(int ordinal) {
    return contexts.isPrimaryCurrent(ordinal);
  }

  @Override
  public void dropPrimaryContext(int ordinal) {
    String doing = "releasing the primary context of device " + ordinal;
    errors.failIfAsked(Call.RELEASE_CONTEXT, doing);
    contexts.releasePrimary(ordinal, doing);
  }

  @Override
  public void releasePrimaryContext(int ordinal) {
    dropPrimaryContext(ordinal);
    contexts.makeCurrent(0);
  }

  @Override
  public int driverVersion() {
    return device.driverVersion();
  }

  @Override
  public String deviceName() {
    enter(Call.ATTRIBUTE, "asking for the device's name");
    return EmulatedDevice.NAME;
  }

  @Override
  public int attribute(DeviceAttribute attribute) {
    enter(Call.ATTRIBUTE, "asking for " + attribute);
    return device.attribute(attribute);
  }

  @Override
  public DeviceMemory memory() {
    enter(Call.MEMORY, "asking for the memory");
    return heap.state();
  }

  @Override
  public DeviceRange rangeOf(long address) {
    Allocation allocation = memory.find(address, 1);
    return allocation == null ? null : divisions.rangeOf(address, allocation);
  }

  @Override
  public DeviceRange reservationOf(long address) {
    Allocation allocation = memory.find(address, 1);
    return allocation == null ? null : divisions.reservationOf(address, allocation);
  }

  @Override
  public boolean isHostMemory(long address) {
    Allocation allocation = memory.find(address, 1);
    return allocation != null && pinned.contains(allocation.start);
  }

  @Override
  public long allocate(long bytes, Purpose purpose, String owner) {
    String doing = "allocating %d bytes for %s".formatted(bytes, purpose.of(owner));
    enter(Call.ALLOCATE, doing);
    captures.refuseToActNow(Call.ALLOCATE, doing);
    return heap.allocate(bytes, purpose, owner, doing);
  }

  @Override
  public void free(long address) {
    String doing = "freeing 0x%x".formatted(address);
    enter(Call.FREE, doing);
    captures.refuseToActNow(Call.FREE, doing);
    heap.free(address);
    pinned.remove(address);
    divisions.forget(address);
  }

  // These copies wait for the stream, which a capture cannot record.

  @Override
  public void copyToDevice(long target, ByteBuffer source, CudaStream stream) {
    String doing = "copying to 0x%x".formatted(target);
    enter(Call.COPY_TO_DEVICE, doing);
    expectDirect(source);
    captures.refuseToWait(stream, doing);
    executor.copyToDevice(target, source);
  }

  @Override
  public void copyToHost(ByteBuffer target, long source, CudaStream stream) {
    String doing = "copying from 0x%x".formatted(source);
    enter(Call.COPY_TO_HOST, doing);
    expectDirect(target);
    captures.refuseToWait(stream, doing);
    executor.copyToHost(target, source);
  }

  @Override
  public PinnedMemory allocatePinned(int bytes) {
    String doing = "allocating %d bytes of pinned memory".formatted(bytes);
    check(Call.ALLOCATE_PINNED, doing);
    return pinnedCopies.allocate(bytes, () -> check(Call.FREE_PINNED, "freeing pinned memory"));
  }

  @Override
  public void enqueueToDevice(long target, ByteBuffer source, CudaStream stream) {
    String doing = "copying to 0x%x".formatted(target);
    ByteBuffer bytes = source.slice();
    enqueueLate(
        Call.COPY_TO_DEVICE, stream, () -> executor.copyToDevice(target, bytes), bytes, doing);
  }

  @Override
  public void enqueueToHost(ByteBuffer target, long source, CudaStream stream) {
    String doing = "copying from 0x%x".formatted(source);
    ByteBuffer bytes = target.slice();
    enqueueLate(Call.COPY_TO_HOST, stream, () -> executor.copyToHost(bytes, source), bytes, doing);
  }

  private void enqueueLate(
      Call call, CudaStream stream, Runnable copy, ByteBuffer memory, String doing) {
    check(call, doing);
    expectDirect(memory);
    captures.refuseNotModeled(call, stream, doing);
    pinnedCopies.enqueue(copy);
  }

  @Override
  public void copyOnDevice(long target, long source, long bytes, CudaStream stream) {
    String doing = "copying to 0x%x".formatted(target);
    enqueue(Call.COPY_ON_DEVICE, stream, () -> executor.copyOnDevice(target, source, bytes), doing);
  }

  @Override
  public void clear(long address, long bytes, CudaStream stream) {
    String doing = "clearing %d bytes at 0x%x".formatted(bytes, address);
    enqueue(Call.CLEAR, stream, () -> executor.clear(address, bytes), doing);
  }

  static void expectDirect(ByteBuffer buffer) {
    if (!buffer.isDirect()) throw new EmulatorException("buffer is not direct");
  }

  @Override
  public long loadModule(byte[] ptx) {
    String doing = "loading a module";
    enter(Call.LOAD_MODULE, doing);
    captures.refuseToActNow(Call.LOAD_MODULE, doing);
    long handle = newHandle();
    modules.load(handle, ptx, rewriting, doing);
    return handle;
  }

  @Override
  public void unloadModule(long module) {
    String doing = "unloading a module";
    enter(Call.UNLOAD_MODULE, doing);
    captures.refuseToActNow(Call.UNLOAD_MODULE, doing);
    modules.unload(module);
  }

  @Override
  public long function(long module, String name) {
    String doing = "looking for kernel " + name;
    enter(Call.FUNCTION, doing);
    long handle = newHandle();
    modules.lookUp(handle, module, name, doing);
    return handle;
  }

  @Override
  public Launch prepare(
      long function, String name, int grid, int threads, int sharedBytes, ByteBuffer... arguments) {
    enter(Call.PREPARE, "preparing " + name);
    Dimensions blocks = Dimensions.of(grid);
    Dimensions block = Dimensions.of(threads);
    return stream -> launch(function, blocks, block, sharedBytes, stream, arguments);
  }

  /**
   * Launches a kernel on a grid of up to three dimensions.
   *
   * @param arguments the arguments in order, each a direct buffer in native order whose capacity is
   *     the parameter's size; they are read before this method returns
   */
  public void launch(
      long function,
      Dimensions grid,
      Dimensions block,
      int sharedBytes,
      CudaStream stream,
      ByteBuffer... arguments) {
    String doing = "launching " + modules.nameOf(function);
    enter(Call.ENQUEUE, doing);
    launcher.launch(function, grid, block, sharedBytes, arguments, stream, doing);
  }

  /** The sizes in bytes of a kernel's parameters, in order. */
  public int[] parameterSizes(long function) {
    String doing = "asking for the parameters of " + modules.nameOf(function);
    enter(Call.PARAMETERS, doing);
    return modules.kernel(function, Call.PARAMETERS, doing).parameterSizes();
  }

  /**
   * The memory of a module's variable, declared with {@code __device__} or {@code __constant__}.
   */
  public DeviceRange variable(long module, String name) {
    String doing = "looking for variable " + name;
    enter(Call.VARIABLE, doing);
    return modules.variable(module, name, doing);
  }

  void launch(CapturedGraph graph, CudaStream stream) {
    String doing = "launching " + graph;
    enter(Call.LAUNCH_GRAPH, doing);
    captures.refuseNotModeled(Call.LAUNCH_GRAPH, stream, doing);
    graph.run();
  }

  void enqueue(Call call, CudaStream stream, Runnable work, String doing) {
    enter(call, doing);
    if (!captures.record(call, stream, work, doing)) work.run();
  }

  @Override
  public boolean isCapturing(CudaStream stream) {
    String doing = "asking whether a stream is being captured";
    enter(Call.IS_CAPTURING, doing);
    return captures.isActive(stream, doing);
  }

  @Override
  public boolean isIdle(CudaStream stream) {
    String doing = "asking whether a stream is idle";
    enter(Call.QUERY, doing);
    captures.refuseToWait(stream, doing);
    return true; // work runs when it is enqueued
  }

  @Override
  public void synchronize(CudaStream stream) {
    String doing = "waiting for a stream";
    enter(Call.SYNCHRONIZE, doing);
    captures.refuseToWait(stream, doing);
  }

  @Override
  public long createEvent() {
    check(Call.CREATE_EVENT, "creating an event");
    long handle = newHandle();
    events.create(handle);
    return handle;
  }

  @Override
  public void recordEvent(long event, CudaStream stream) {
    String doing = "recording an event";
    check(Call.RECORD_EVENT, doing);
    captures.refuseNotModeled(Call.RECORD_EVENT, stream, doing);
    events.record(event, executor.nanoseconds, doing);
    pinnedCopies.record(event);
  }

  /** Work is done when it is enqueued, so {@code delay} has nothing to wait for. */
  @Override
  public OrderingEvent createOrderingEvent() {
    long event = createEvent();
    return new OrderingEvent() {
      @Override
      public void record(CudaStream stream) {
        recordEvent(event, stream);
      }

      @Override
      public void delay(CudaStream stream) {
        String doing = "ordering a stream after an event";
        enter(Call.WAIT_EVENT, doing);
        captures.refuseNotModeled(Call.WAIT_EVENT, stream, doing);
        events.expectCreated(event, doing);
      }

      @Override
      public void await() {
        String doing = "waiting for an event";
        check(Call.AWAIT_EVENT, doing);
        events.expectCreated(event, doing);
        pinnedCopies.await(event);
      }

      @Override
      public void destroy() {
        destroyEvent(event);
      }
    };
  }

  @Override
  public float elapsedMillis(long start, long end) {
    String doing = "comparing events";
    enter(Call.ELAPSED, doing);
    return events.elapsedMillis(start, end, doing);
  }

  @Override
  public void destroyEvent(long event) {
    String doing = "destroying an event";
    enter(Call.DESTROY_EVENT, doing);
    events.destroy(event, doing);
  }

  long newHandle() {
    return nextHandle += 0x100;
  }

  /** Begins a call that waits for all earlier work, or enqueues work after it. */
  void enter(Call call, String doing) {
    check(call, doing);
    pinnedCopies.complete();
  }

  private void check(Call call, String doing) {
    errors.failIfAsked(call, doing);
    contexts.expectCurrent(call, doing);
  }
}
