package io.github.lamb4j.internal.cuda.driver;

import io.github.lamb4j.error.CudaException;
import java.nio.ByteBuffer;

/**
 * The driver calls that the CUDA backend needs; its only access to CUDA.
 *
 * <p>Addresses, contexts, events and modules are plain numbers. A failed call throws {@link
 * CudaException} with the entry point, the driver's code and the purpose of the call. Calls act in
 * the calling thread's current context.
 */
public interface CudaDriver {

  /** The handle of the calling thread's current context, 0 if it has none. Allocates nothing. */
  long currentContext();

  /**
   * Retains a device's primary context and makes it the calling thread's current one.
   *
   * @param device the device's ordinal
   */
  void retainPrimaryContext(int device);

  /** Makes a retained primary context current in the calling thread. */
  void makePrimaryContextCurrent(int device);

  /**
   * Whether the calling thread's current context is the primary one of a device, possibly destroyed
   * since. False if {@link #retainPrimaryContext} was never called for the device.
   */
  boolean isPrimaryContextCurrent(int device);

  /**
   * Releases a context retained by {@link #retainPrimaryContext}. The last release destroys it. The
   * calling thread's current context stays as it is.
   */
  void dropPrimaryContext(int device);

  /**
   * As {@link #dropPrimaryContext}, and leaves the calling thread without a current context, for
   * callers that had none before they retained this one.
   */
  void releasePrimaryContext(int device);

  /** The version of CUDA that the installed driver supports, as 1000 * major + 10 * minor. */
  int driverVersion();

  /** The name of the current context's device. */
  String deviceName();

  /** An attribute of the current context's device. */
  int attribute(DeviceAttribute attribute);

  /** Free and total bytes of device memory. */
  DeviceMemory memory();

  /**
   * The allocation that contains an address, or null if the address is not device memory. Of memory
   * that is mapped in pieces, as by {@code cuMemMap}, the piece.
   */
  DeviceRange rangeOf(long address);

  /**
   * The reserved addresses that contain an address to which memory is mapped, or the allocation if
   * it was not reserved separately; null if no memory is mapped or the driver cannot tell.
   */
  DeviceRange reservationOf(long address);

  /**
   * Whether an address is in pinned or mapped host memory. Managed memory is not, nor is an address
   * that the driver does not know.
   */
  boolean isHostMemory(long address);

  /**
   * Allocates device memory, aligned to 256 bytes or more, with undefined contents.
   *
   * @param purpose the contents of the memory
   * @param owner the name of the group or parameter it belongs to, for the error message
   */
  long allocate(long bytes, Purpose purpose, String owner);

  /** Frees memory from {@link #allocate}. */
  void free(long address);

  /**
   * Copies the remaining bytes of the source, a direct buffer, in stream order, and waits for the
   * copy.
   */
  void copyToDevice(long target, ByteBuffer source, CudaStream stream);

  /**
   * Fills the remaining bytes of the target, a direct buffer, in stream order, and waits for the
   * copy.
   */
  void copyToHost(ByteBuffer target, long source, CudaStream stream);

  /**
   * Allocates pinned host memory, which the device reads and writes while the host goes on.
   *
   * @param bytes at least 1
   */
  PinnedMemory allocatePinned(int bytes);

  /**
   * Enqueues a copy of the remaining bytes of pinned memory, and does not wait. They must not
   * change before the copy is complete.
   */
  void enqueueToDevice(long target, ByteBuffer source, CudaStream stream);

  /**
   * Enqueues a copy to the remaining bytes of pinned memory, and does not wait. They are undefined
   * until the copy is complete.
   */
  void enqueueToHost(ByteBuffer target, long source, CudaStream stream);

  /** Enqueues a copy within device memory. The ranges must not overlap. */
  void copyOnDevice(long target, long source, long bytes, CudaStream stream);

  /** Enqueues clearing every byte to zero. */
  void clear(long address, long bytes, CudaStream stream);

  /** Loads a module from PTX text. A context may load the same text once for all its users. */
  long loadModule(byte[] ptx);

  /** Unloads a module from {@link #loadModule}; its functions become invalid. */
  void unloadModule(long module);

  /** Looks up a kernel of a module. */
  long function(long module, String name);

  /**
   * Prepares a launch of {@code grid} blocks of {@code threads} threads, which can be enqueued any
   * number of times.
   *
   * @param name the kernel's name, for error messages
   * @param arguments the kernel's arguments in order, each a direct buffer in native order. Their
   *     contents are read at each {@link Launch#enqueue}, so a caller may rewrite them in between
   */
  Launch prepare(
      long function, String name, int grid, int threads, int sharedBytes, ByteBuffer... arguments);

  /**
   * Whether work enqueued on the stream is recorded into a CUDA graph instead of run. False once an
   * error has invalidated the capture; enqueueing then fails. Neither allocates nor waits.
   */
  boolean isCapturing(CudaStream stream);

  /** Whether all work enqueued on the stream is complete. Does not wait. */
  boolean isIdle(CudaStream stream);

  /** Waits for all work enqueued on the stream. */
  void synchronize(CudaStream stream);

  /** Creates an event that records time. */
  long createEvent();

  /** Creates an event that orders streams and records no time. */
  OrderingEvent createOrderingEvent();

  /** Enqueues recording an event. */
  void recordEvent(long event, CudaStream stream);

  /** Waits for both events and returns the milliseconds between them. */
  float elapsedMillis(long start, long end);

  /** Destroys an event. */
  void destroyEvent(long event);

  /** A prepared launch. Not thread-safe. */
  interface Launch {
    /** Enqueues the kernel on a stream. Neither allocates nor waits. */
    void enqueue(CudaStream stream);
  }

  /** Pinned host memory. */
  interface PinnedMemory {
    /** All bytes, as a direct buffer in native order; invalid once the memory is freed. */
    ByteBuffer bytes();

    /** Frees the memory. All copies must be complete. */
    void free();
  }

  /** Orders work on one stream, or of the host, after work on another. Not thread-safe. */
  interface OrderingEvent {
    /** Enqueues recording the event. Neither allocates nor waits. */
    void record(CudaStream stream);

    /**
     * Makes work that is enqueued on the stream later wait, on the device, for all work before the
     * last recording. Neither allocates nor waits.
     */
    void delay(CudaStream stream);

    /** Waits, on the host, for all work before the last recording. */
    void await();

    /** Destroys the event. */
    void destroy();
  }

  /** Device attributes that determine launches or that the benchmark reports. */
  enum DeviceAttribute {
    COMPUTE_CAPABILITY_MAJOR,
    COMPUTE_CAPABILITY_MINOR,
    MULTIPROCESSORS,
    THREADS_PER_MULTIPROCESSOR,
    SHARED_MEMORY_PER_MULTIPROCESSOR,
    SHARED_MEMORY_PER_BLOCK_OPTIN,
    /** In bytes. */
    L2_CACHE,
    /** The maximum clock of the multiprocessors, in kHz. */
    CLOCK,
    /** The maximum clock of the memory, in kHz. */
    MEMORY_CLOCK,
    /** The width of the memory bus, in bits. */
    MEMORY_BUS_WIDTH
  }

  /** Device memory in bytes. */
  record DeviceMemory(long free, long total) {}

  /** A range of device memory: its start address and its length. */
  record DeviceRange(long start, long bytes) {
    /** The address after the last byte. */
    public long end() {
      return start + bytes;
    }

    /** Whether an address is in this range. */
    public boolean contains(long address) {
      return start <= address && address < end();
    }
  }
}
