package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;

/** Checks launches as the driver does, and runs or records them. */
final class Launcher {

  /** Limits of every device that runs PTX for 64-bit addresses. */
  private static final int MOST_BLOCKS_X = Integer.MAX_VALUE;

  private static final int MOST_BLOCKS_YZ = 65_535;
  private static final int MOST_THREADS = 1024;
  private static final int MOST_THREADS_Z = 64;

  private final EmulatedDevice device;
  private final Modules modules;
  private final Captures captures;
  private final CommandExecutor executor;

  Launcher(EmulatedDevice device, Modules modules, Captures captures, CommandExecutor executor) {
    this.device = device;
    this.modules = modules;
    this.captures = captures;
    this.executor = executor;
  }

  void launch(
      long function,
      Dimensions grid,
      Dimensions block,
      int sharedBytes,
      ByteBuffer[] arguments,
      CudaStream stream,
      String doing) {
    Kernel kernel = modules.kernel(function, Call.ENQUEUE, doing);
    if (!fits(kernel, grid, block, sharedBytes)) {
      throw DriverErrors.failed(Call.ENQUEUE, DriverErrors.INVALID_VALUE, doing);
    }
    Page parameters = kernel.parameters(arguments);
    Runnable work =
        () -> {
          if (!modules.isLoaded(function)) {
            throw new EmulatorException(
                "graph launches kernel %s of an unloaded module".formatted(kernel.name));
          }
          executor.launch(kernel, grid, block, sharedBytes, parameters, stream);
        };
    if (!captures.record(Call.ENQUEUE, stream, work, doing)) work.run();
  }

  private boolean fits(Kernel kernel, Dimensions grid, Dimensions block, int sharedBytes) {
    return grid.fit(MOST_BLOCKS_X, MOST_BLOCKS_YZ, MOST_BLOCKS_YZ)
        && block.fit(MOST_THREADS, MOST_THREADS, MOST_THREADS_Z)
        && block.count() <= MOST_THREADS
        && sharedBytes >= 0
        && kernel.residentBlocks(device, (int) block.count(), sharedBytes) > 0;
  }
}
