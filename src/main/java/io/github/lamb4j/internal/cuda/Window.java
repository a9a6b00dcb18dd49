package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.numerics.Tiling;

/**
 * What the single pass can hold: the r of {@code slots} tiles in each of {@code grid} blocks.
 *
 * @param grid blocks, all of them resident if the device is ours alone
 * @param slots tiles that a block holds; 0 if shared memory is too small for any
 */
record Window(int grid, int slots) {

  /** As {@code kMaxSlots} in {@code kernels/single_pass.cuh}. */
  private static final int MOST_SLOTS = 32;

  /**
   * Shared memory that the kernel declares for itself, and what the system takes of each block's,
   * rounded up.
   */
  private static final int OTHER_SHARED = 4608;

  private static final int SYSTEM_SHARED = 1024;

  /** The largest window of the current context's device. */
  static Window of(CudaDriver driver) {
    int blocks = LaunchPolicy.SINGLE_PASS.blocksPerMultiprocessor();
    int perBlock =
        Math.min(
            driver.attribute(CudaDriver.DeviceAttribute.SHARED_MEMORY_PER_MULTIPROCESSOR) / blocks
                - SYSTEM_SHARED,
            driver.attribute(CudaDriver.DeviceAttribute.SHARED_MEMORY_PER_BLOCK_OPTIN));
    int slots = Math.max(0, Math.min(MOST_SLOTS, (perBlock - OTHER_SHARED) / CudaLayout.SLOT));
    return new Window(driver.attribute(CudaDriver.DeviceAttribute.MULTIPROCESSORS) * blocks, slots);
  }

  /**
   * Whether a group takes the single pass.
   *
   * @param adapted whether its tiles wait for a trust ratio; without, the window does not matter
   */
  boolean isChosen(StepPath path, boolean adapted, Tiling tiling) {
    return switch (path) {
      case TWO_PASS -> false;
      case SINGLE_PASS -> slots > 0;
      case AUTO -> slots > 0 && (!adapted || 2 * tilesHeld(tiling) >= tiling.tileCount());
    };
  }

  /** How many of a group's tiles the window can hold until their segment is ready. */
  private long tilesHeld(Tiling tiling) {
    long held = 0;
    for (int segment = 0; segment < tiling.segmentCount(); segment++) {
      held += Math.min(tiling.tileCount(segment), (long) grid * slots);
    }
    return held;
  }
}
