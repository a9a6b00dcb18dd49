package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.numerics.Tiling;

/**
 * The capacity of the single pass: each of {@code grid} blocks keeps the r of {@code slots} tiles
 * in shared memory.
 *
 * @param grid the number of blocks; all are resident if nothing else runs on the device
 * @param slots tiles per block; 0 if shared memory is too small for one
 * @param tuning of the device's architecture
 */
record Window(int grid, int slots, Tuning tuning) {

  /** {@code kMaxSlots} in {@code kernels/single_pass.cuh}. */
  static final int MAX_SLOTS = 32;

  /** Static shared memory of the kernel, rounded up. */
  static final int STATIC_SHARED = 6912;

  /** Shared memory that CUDA reserves for each block. */
  static final int RESERVED_SHARED = 1024;

  /** The largest window of the current context's device. */
  static Window of(CudaDriver driver) {
    Tuning tuning =
        Tuning.of(
            10 * driver.attribute(CudaDriver.DeviceAttribute.COMPUTE_CAPABILITY_MAJOR)
                + driver.attribute(CudaDriver.DeviceAttribute.COMPUTE_CAPABILITY_MINOR));
    int blocks = tuning.adapt(LaunchPolicy.SINGLE_PASS).blocksPerMultiprocessor();
    int perBlock =
        Math.min(
            driver.attribute(CudaDriver.DeviceAttribute.SHARED_MEMORY_PER_MULTIPROCESSOR) / blocks
                - RESERVED_SHARED,
            driver.attribute(CudaDriver.DeviceAttribute.SHARED_MEMORY_PER_BLOCK_OPTIN));
    int slots = Math.max(0, Math.min(MAX_SLOTS, (perBlock - STATIC_SHARED) / CudaLayout.SLOT));
    int multiprocessors = driver.attribute(CudaDriver.DeviceAttribute.MULTIPROCESSORS);
    return new Window(multiprocessors * blocks, slots, tuning);
  }

  /** Whether a group with layer adaptation takes the single pass. */
  boolean isChosen(StepPath path, Tiling tiling) {
    return switch (path) {
      case TWO_PASS -> false;
      case SINGLE_PASS -> slots > 0;
      case AUTO -> slots > 0 && tilesHeld(tiling) >= tuning.singlePassShare() * tiling.tileCount();
    };
  }

  /** How many of a group's tiles the window can hold until their segment's ratio is known. */
  private long tilesHeld(Tiling tiling) {
    long held = 0;
    for (int segment = 0; segment < tiling.segmentCount(); segment++) {
      held += Math.min(tiling.tileCount(segment), (long) grid * slots);
    }
    return held;
  }
}
