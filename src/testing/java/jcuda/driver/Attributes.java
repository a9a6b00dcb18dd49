package jcuda.driver;

import static jcuda.driver.CUdevice_attribute.*;

import io.github.lamb4j.emulator.EmulatedDevice;

/** The attributes of the emulated device, by the driver's numbers. */
final class Attributes {

  private static final int WARP = 32;
  private static final int THREADS_PER_BLOCK = 1024;
  private static final int SHARED_PER_BLOCK = 48 << 10;

  private Attributes() {}

  static int of(EmulatedDevice device, int attribute) {
    return switch (attribute) {
      case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR -> device.computeCapability() / 10;
      case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR -> device.computeCapability() % 10;
      case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT -> device.multiprocessors();
      case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR -> device.threadsPerMultiprocessor();
      case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR ->
          device.sharedMemoryPerMultiprocessor();
      case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN -> device.sharedMemoryPerBlock();
      case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK ->
          Math.min(SHARED_PER_BLOCK, device.sharedMemoryPerBlock());
      case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK,
          CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X,
          CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y ->
          THREADS_PER_BLOCK;
      case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z -> 64;
      case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X -> Integer.MAX_VALUE;
      case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z -> 65535;
      case CU_DEVICE_ATTRIBUTE_WARP_SIZE -> WARP;
      case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE -> device.l2CacheBytes();
      case CU_DEVICE_ATTRIBUTE_CLOCK_RATE, CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE ->
          device.clockKilohertz();
      case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH -> device.memoryBusBits();
      case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING -> 1;
      case CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY, CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH -> 0;
      default ->
          throw new UnsupportedOperationException(
              "cuDeviceGetAttribute: %s is not emulated"
                  .formatted(CUdevice_attribute.stringFor(attribute)));
    };
  }
}
