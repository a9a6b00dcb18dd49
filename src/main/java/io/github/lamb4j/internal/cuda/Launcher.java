package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;

/**
 * What every launch of an optimizer has in common.
 *
 * @param driver the driver
 * @param stream the caller's stream
 * @param module the loaded kernels
 * @param multiprocessors the device's
 * @param window what the single pass can hold on the device
 */
record Launcher(
    CudaDriver driver, CudaStream stream, long module, int multiprocessors, Window window) {

  /** Prepares a kernel's launch for so many tiles or segments. */
  CudaDriver.Launch prepare(LaunchPolicy policy, int work, ByteBuffer... arguments) {
    return driver.prepare(
        driver.function(module, policy.kernel()),
        policy.kernel(),
        policy.grid(work, multiprocessors),
        policy.threads(),
        0,
        arguments);
  }

  /** Prepares the single pass of so many tiles, with shared memory for the window's slots. */
  CudaDriver.Launch prepareSinglePass(int tiles, ByteBuffer... arguments) {
    LaunchPolicy policy = LaunchPolicy.SINGLE_PASS;
    return driver.prepare(
        driver.function(module, policy.kernel()),
        policy.kernel(),
        Math.max(1, Math.min(tiles, window.grid())),
        policy.threads(),
        window.slots() * CudaLayout.SLOT,
        arguments);
  }
}
