package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;

/**
 * Prepares the launches of one optimizer.
 *
 * @param driver the driver
 * @param stream the caller's stream
 * @param module the loaded kernels
 * @param multiprocessors of the device
 * @param window the capacity of the single pass on the device
 */
record Launcher(
    CudaDriver driver, CudaStream stream, long module, int multiprocessors, Window window) {

  /**
   * Prepares a kernel.
   *
   * @param work the number of tiles or segments
   */
  CudaDriver.Launch prepare(LaunchPolicy policy, int work, ByteBuffer... arguments) {
    int grid = window.tuning().adapt(policy).grid(work, multiprocessors);
    return prepare(policy, grid, 0, arguments);
  }

  /** Prepares the single pass, with dynamic shared memory for the slots of the window. */
  CudaDriver.Launch prepareSinglePass(int tiles, ByteBuffer... arguments) {
    return prepare(
        LaunchPolicy.SINGLE_PASS,
        Math.max(1, Math.min(tiles, window.grid())),
        window.slots() * CudaLayout.SLOT,
        arguments);
  }

  private CudaDriver.Launch prepare(
      LaunchPolicy policy, int grid, int sharedBytes, ByteBuffer... arguments) {
    String kernel = policy.kernel();
    CudaDriver.Launch launch =
        driver.prepare(
            driver.function(module, kernel),
            kernel,
            grid,
            policy.threads(),
            sharedBytes,
            arguments);
    return new DebugSync(driver).apply(kernel, launch);
  }
}
