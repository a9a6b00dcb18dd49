package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The part of {@link EmulatedDriver} that is not a driver: what tests can change and observe. */
public abstract class EmulatorControls {

  static final long CONTEXT = 0x5500_0000_1100L;

  final EmulatedDevice device;
  final GlobalMemory memory = new GlobalMemory();
  final Heap heap;
  final CommandExecutor executor;
  final DriverErrors errors = new DriverErrors();
  final Contexts contexts = new Contexts(CONTEXT);
  UnaryOperator<String> rewriting = UnaryOperator.identity();

  EmulatorControls(EmulatedDevice device, long seed) {
    this.device = device;
    executor = new CommandExecutor(device, memory, seed);
    heap = new Heap(memory, device.totalMemory());
  }

  /** The context of this device. */
  public long context() {
    return contexts.context;
  }

  /** Sets the calling thread's current context; 0 for none. */
  public void makeCurrent(long handle) {
    contexts.makeCurrent(handle);
  }

  /** Changes the text of modules loaded from now on, to plant faults in them. */
  public void rewrite(UnaryOperator<String> change) {
    rewriting = change;
  }

  /** Calls this with the name of each kernel that is launched from now on, before it runs. */
  public void onLaunch(Consumer<String> listener) {
    executor.onLaunch = listener;
  }

  /** Sets the seed of the schedules of later launches. */
  public void seed(long value) {
    executor.seed = value;
  }

  /** Makes the nth call from now on fail with this driver error code. */
  public void fail(Call call, int nth, int code) {
    errors.fail(call, nth, code);
  }

  /**
   * Whether copies may read uninitialized bytes, whose value is 0xa5. Fewer than eight in a row are
   * taken to be padding and always copied.
   */
  public void allowCopiesOfUndefinedBytes(boolean allow) {
    executor.copiesOfUndefinedBytes = allow;
  }

  /** Measures the reuse of memory in all launches from now on. */
  public void measure(ReuseDistance reuse) {
    memory.reuse = reuse;
  }

  /** Sets the memory model of later launches. Initially that of the process. */
  public void memoryModel(MemoryModel model) {
    executor.memoryModel = model;
  }

  /**
   * Whether threads may store the same value to the same memory without an order between them, as
   * kernels do that set a flag. Initially such stores are races.
   */
  public void allowEqualStores(boolean allow) {
    executor.ignoreEqualStores(allow);
  }

  /**
   * Whether threads may read memory that others change with atomic operations, by loads of at most
   * 8 bytes that are neither volatile nor atomic, without an order between them. Loops around
   * {@code atomicCAS} often begin with such a load. Initially these are races.
   */
  public void allowWeakReadsOfAtomics(boolean allow) {
    executor.ignoreWeakReadsOfAtomics(allow);
  }

  public List<LaunchReport> launches() {
    return Collections.unmodifiableList(executor.launches);
  }

  public LaunchReport lastLaunch() {
    return executor.launches.get(executor.launches.size() - 1);
  }

  public void forgetLaunches() {
    executor.launches.clear();
  }

  /** A description of each live allocation. */
  public List<String> liveAllocations() {
    return heap.live();
  }

  /** The bytes allocated for each purpose. */
  public Map<Purpose, Long> liveBytes() {
    return heap.liveBytes();
  }
}
