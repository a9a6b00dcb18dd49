package io.github.lamb4j.internal.cuda.driver;

import io.github.lamb4j.error.CudaException;
import java.nio.ByteBuffer;

/**
 * The few driver calls that the CUDA backend needs, and all that it knows of CUDA.
 *
 * <p>Addresses, contexts, events and modules are plain numbers; a stream is the caller's own
 * handle. Every failed call throws {@link CudaException} with the call, the driver's code and what
 * was being done. Calls act in the calling thread's current context.
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

  /** Makes a retained primary context current in the calling thread, which may be another. */
  void makePrimaryContextCurrent(int device);

  /**
   * Gives back what {@link #retainPrimaryContext} took, and leaves the calling thread without a
   * current context: the last release destroys it, and a thread that still had it would take it for
   * one of its own.
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
   * The bytes that the driver knows to be mapped around this address, or null if it is not device
   * memory.
   */
  DeviceRange rangeOf(long address);

  /**
   * Allocates device memory, aligned to 256 bytes or more, with undefined contents.
   *
   * @param purpose what the memory is for
   * @param owner the name of the group or parameter it belongs to, for the error message
   */
  long allocate(long bytes, Purpose purpose, String owner);

  /** Frees what {@link #allocate} gave. */
  void free(long address);

  /**
   * Copies the source's remaining bytes (a direct buffer) in the stream's order, and waits until
   * they are there.
   */
  void copyToDevice(long target, ByteBuffer source, CudaStream stream);

  /**
   * Fills the target's remaining bytes (a direct buffer) in the stream's order, and waits until
   * they are there.
   */
  void copyToHost(ByteBuffer target, long source, CudaStream stream);

  /** Enqueues a copy between two places of device memory that do not overlap. */
  void copyOnDevice(long target, long source, long bytes, CudaStream stream);

  /** Enqueues the setting of every byte to zero. */
  void clear(long address, long bytes, CudaStream stream);

  /** Loads a module from PTX text. */
  long loadModule(byte[] ptx);

  /** Unloads a module; its functions are gone. */
  void unloadModule(long module);

  /** A kernel of a module. */
  long function(long module, String name);

  /**
   * Prepares a launch of {@code grid} blocks of {@code threads} threads, to be enqueued any number
   * of times.
   *
   * @param name the kernel's name, for error messages
   * @param arguments the kernel's arguments in order, each a direct buffer in native order; their
   *     contents are read at every {@link Launch#enqueue}, so that a caller may rewrite them in
   *     between
   */
  Launch prepare(
      long function, String name, int grid, int threads, int sharedBytes, ByteBuffer... arguments);

  /**
   * Whether work enqueued on the stream is being recorded into a CUDA graph, to run when that is
   * launched. Not so once an error has made the recording void: then enqueueing fails. Allocates
   * nothing, waits for nothing.
   */
  boolean isCapturing(CudaStream stream);

  /** Waits for all that was enqueued on the stream. */
  void synchronize(CudaStream stream);

  /** An event that records time. */
  long createEvent();

  /** Enqueues the recording of an event. */
  void recordEvent(long event, CudaStream stream);

  /** Waits for both events and gives the milliseconds between them. */
  float elapsedMillis(long start, long end);

  /** Destroys an event. */
  void destroyEvent(long event);

  /** One launch site. Not safe for use by several threads at once. */
  interface Launch {
    /** Enqueues the kernel on a stream. Allocates nothing, waits for nothing. */
    void enqueue(CudaStream stream);
  }

  /** Device attributes that decide how kernels are launched, or that a benchmark reports. */
  enum DeviceAttribute {
    COMPUTE_CAPABILITY_MAJOR,
    COMPUTE_CAPABILITY_MINOR,
    MULTIPROCESSORS,
    THREADS_PER_MULTIPROCESSOR,
    SHARED_MEMORY_PER_MULTIPROCESSOR,
    SHARED_MEMORY_PER_BLOCK_OPTIN,
    /** In bytes. */
    L2_CACHE,
    /** The highest clock of the multiprocessors, in kHz. */
    CLOCK,
    /** The highest clock of the memory, in kHz. */
    MEMORY_CLOCK
  }

  /** Device memory in bytes. */
  record DeviceMemory(long free, long total) {}

  /** A range of device memory: its first byte and its length. */
  record DeviceRange(long start, long bytes) {}
}
