package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceAttribute;

/**
 * The properties of an emulated device.
 *
 * @param computeCapability times ten
 * @param blocksPerMultiprocessor the maximum number of resident blocks; fewer are resident if their
 *     threads or shared memory exceed the multiprocessor's
 * @param totalMemory in bytes
 * @param driverVersion as 1000 * major + 10 * minor
 */
public record EmulatedDevice(
    int computeCapability,
    int multiprocessors,
    int blocksPerMultiprocessor,
    int threadsPerMultiprocessor,
    int sharedMemoryPerMultiprocessor,
    int sharedMemoryPerBlock,
    long totalMemory,
    int driverVersion) {

  /** The name of every emulated device. */
  public static final String NAME = "Emulated device";

  private static final int L2_CACHE_BYTES = 1 << 12;
  private static final int CLOCK_KHZ = 1_000_000;
  private static final int MEMORY_BUS_BITS = 256;

  public static final EmulatedDevice SMALL =
      new EmulatedDevice(90, 2, 2, 2048, 233_472, 232_448, 1L << 36, 12060);

  public EmulatedDevice withComputeCapability(int value) {
    return new EmulatedDevice(
        value,
        multiprocessors,
        blocksPerMultiprocessor,
        threadsPerMultiprocessor,
        sharedMemoryPerMultiprocessor,
        sharedMemoryPerBlock,
        totalMemory,
        driverVersion);
  }

  public EmulatedDevice withMultiprocessors(int count, int blocksEach) {
    return new EmulatedDevice(
        computeCapability,
        count,
        blocksEach,
        threadsPerMultiprocessor,
        sharedMemoryPerMultiprocessor,
        sharedMemoryPerBlock,
        totalMemory,
        driverVersion);
  }

  public EmulatedDevice withSharedMemory(int perMultiprocessor, int perBlock) {
    return new EmulatedDevice(
        computeCapability,
        multiprocessors,
        blocksPerMultiprocessor,
        threadsPerMultiprocessor,
        perMultiprocessor,
        perBlock,
        totalMemory,
        driverVersion);
  }

  public EmulatedDevice withTotalMemory(long bytes) {
    return new EmulatedDevice(
        computeCapability,
        multiprocessors,
        blocksPerMultiprocessor,
        threadsPerMultiprocessor,
        sharedMemoryPerMultiprocessor,
        sharedMemoryPerBlock,
        bytes,
        driverVersion);
  }

  public EmulatedDevice withDriverVersion(int version) {
    return new EmulatedDevice(
        computeCapability,
        multiprocessors,
        blocksPerMultiprocessor,
        threadsPerMultiprocessor,
        sharedMemoryPerMultiprocessor,
        sharedMemoryPerBlock,
        totalMemory,
        version);
  }

  /** The size of the L2 cache. */
  public int l2CacheBytes() {
    return L2_CACHE_BYTES;
  }

  /** The width of the memory bus in bits. */
  public int memoryBusBits() {
    return MEMORY_BUS_BITS;
  }

  /** The clock of the multiprocessors and of the memory in kHz. */
  public int clockKilohertz() {
    return CLOCK_KHZ;
  }

  int attribute(DeviceAttribute attribute) {
    return switch (attribute) {
      case COMPUTE_CAPABILITY_MAJOR -> computeCapability / 10;
      case COMPUTE_CAPABILITY_MINOR -> computeCapability % 10;
      case MULTIPROCESSORS -> multiprocessors;
      case THREADS_PER_MULTIPROCESSOR -> threadsPerMultiprocessor;
      case SHARED_MEMORY_PER_MULTIPROCESSOR -> sharedMemoryPerMultiprocessor;
      case SHARED_MEMORY_PER_BLOCK_OPTIN -> sharedMemoryPerBlock;
      case L2_CACHE -> l2CacheBytes();
      case CLOCK, MEMORY_CLOCK -> clockKilohertz();
      case MEMORY_BUS_WIDTH -> memoryBusBits();
    };
  }

  /** The number of resident blocks of a launch, or 0 if not even one fits. */
  int residentBlocks(int threads, int sharedBytes) {
    if (sharedBytes > sharedMemoryPerBlock) return 0;
    int byThreads = threadsPerMultiprocessor / ((threads + 31) & -32);
    // The system reserves a kilobyte of shared memory per block.
    int byShared = sharedMemoryPerMultiprocessor / (sharedBytes + 1024);
    return multiprocessors * Math.min(blocksPerMultiprocessor, Math.min(byThreads, byShared));
  }
}
