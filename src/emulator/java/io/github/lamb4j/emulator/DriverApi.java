package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * The calls of the driver API that the stand-ins for JCuda need beyond {@link EmulatedDriver}'s.
 * Graphs have numbers here, as in the driver.
 */
public final class DriverApi {

  /** The most shared memory of a block whose kernel has not asked for more. */
  private static final int USUAL_SHARED = 48 << 10;

  private final EmulatedDriver driver;

  /** What kernels have asked for; unloaded ones are not missed. */
  private final Map<Kernel, Integer> dynamicShared = new WeakHashMap<>();

  private final Set<Long> streams = new HashSet<>();
  private final Map<Long, CapturedGraph> graphs = new HashMap<>();

  DriverApi(EmulatedDriver driver) {
    this.driver = driver;
  }

  /** The device, which can be asked without a context. */
  public EmulatedDevice device() {
    driver.errors.failIfAsked(Call.ATTRIBUTE, "asking for a property of the device");
    return driver.device;
  }

  /** Fails unless the calling thread has a current context. */
  public void expectContext() {
    driver.contexts.expectCurrent(Call.SYNCHRONIZE, "using the current context");
  }

  /** Creates a context and makes it current. */
  public long createContext() {
    long handle = driver.newHandle();
    driver.contexts.create(handle);
    return handle;
  }

  /** Destroys a context. Its memory and modules remain, because contexts share them. */
  public void destroyContext(long context) {
    driver.contexts.destroy(context, "destroying a context");
  }

  /** The number of a context, which no other context of this process has; 0 for the current one. */
  public long contextId(long context) {
    expectContext();
    long asked = context == 0 ? driver.currentContext() : context;
    if (!driver.contexts.exists(asked)) {
      throw DriverErrors.failed(
          Call.SYNCHRONIZE, DriverErrors.INVALID_CONTEXT, "asking for the number of a context");
    }
    return driver.contexts.id(asked);
  }

  /** Makes a context current; 0 for none. */
  public void makeCurrent(long context) {
    if (context != 0 && !driver.contexts.exists(context)) {
      throw DriverErrors.failed(
          Call.DESTROY_CONTEXT, DriverErrors.INVALID_CONTEXT, "making a context current");
    }
    driver.makeCurrent(context);
  }

  /** Checks a function before one of its attributes is set, which has no effect. */
  public void setFunctionAttribute(long function) {
    String doing = "setting an attribute of a kernel";
    driver.enter(Call.PREPARE, doing);
    driver.modules.kernel(function, Call.PREPARE, doing);
  }

  /** Sets how much dynamic shared memory launches of a function may have. */
  public void setDynamicShared(long function, int bytes) {
    setFunctionAttribute(function);
    String doing = "setting the shared memory of a kernel";
    Kernel kernel = driver.modules.kernel(function, Call.PREPARE, doing);
    if (bytes < 0 || bytes > driver.device.sharedMemoryPerBlock() - kernel.staticSharedBytes) {
      throw DriverErrors.failed(Call.PREPARE, DriverErrors.INVALID_VALUE, doing);
    }
    dynamicShared.put(kernel, bytes);
  }

  /** Fails if a launch has more dynamic shared memory than was set, or than is usual. */
  public void expectDynamicShared(long function, int bytes) {
    String doing = "launching a kernel with %d bytes of shared memory".formatted(bytes);
    Kernel kernel = driver.modules.kernel(function, Call.ENQUEUE, doing);
    int most = dynamicShared.getOrDefault(kernel, USUAL_SHARED - kernel.staticSharedBytes);
    if (bytes > most) {
      throw DriverErrors.failed(Call.ENQUEUE, DriverErrors.INVALID_VALUE, doing);
    }
  }

  /** Enqueues repeating a pattern in memory. */
  public void fill(long address, byte[] pattern, long count, CudaStream stream) {
    driver.enqueue(
        Call.CLEAR,
        stream,
        () -> driver.executor.fill(address, pattern, count),
        "filling memory at 0x%x".formatted(address));
  }

  /** Reads memory for a library that computes on the host. Not a call of the driver. */
  public void read(ByteBuffer target, long source) {
    driver.executor.copyToHost(target, source);
  }

  /** Writes memory for a library that computes on the host. Not a call of the driver. */
  public void write(long target, ByteBuffer source) {
    driver.executor.copyToDevice(target, source);
  }

  /** Creates a stream. */
  public long createStream() {
    expectContext();
    long handle = driver.newHandle();
    streams.add(handle);
    return handle;
  }

  public void destroyStream(long stream) {
    expectStream(stream);
    streams.remove(stream);
  }

  /** Fails unless a stream exists. The default streams always do. */
  public void expectStream(long stream) {
    if (stream > 2 && !streams.contains(stream)) {
      throw DriverErrors.failed(Call.SYNCHRONIZE, DriverErrors.INVALID_HANDLE, "using a stream");
    }
  }

  /** Fails unless an event exists. */
  public void expectEvent(long event) {
    if (!driver.events.exists(event)) {
      throw DriverErrors.failed(Call.RECORD_EVENT, DriverErrors.INVALID_HANDLE, "using an event");
    }
  }

  public void beginCapture(CudaStream stream) {
    driver.beginCapture(stream);
  }

  /** Ends a capture and returns its graph. */
  public long endCapture(CudaStream stream) {
    CapturedGraph graph = driver.endCapture(stream);
    long handle = driver.newHandle();
    graphs.put(handle, graph);
    return handle;
  }

  /** A second number for a graph. The graph exists until both are destroyed. */
  public long instantiate(long graph) {
    long handle = driver.newHandle();
    graphs.put(handle, graph(graph));
    return handle;
  }

  public void launchGraph(long graph, CudaStream stream) {
    driver.launch(graph(graph), stream);
  }

  public void destroyGraph(long graph) {
    CapturedGraph destroyed = graph(graph);
    graphs.remove(graph);
    if (!graphs.containsValue(destroyed)) {
      destroyed.close();
    }
  }

  private CapturedGraph graph(long handle) {
    CapturedGraph graph = graphs.get(handle);
    if (graph == null) {
      throw DriverErrors.failed(Call.LAUNCH_GRAPH, DriverErrors.INVALID_HANDLE, "using a graph");
    }
    return graph;
  }
}
