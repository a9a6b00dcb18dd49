package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Results;

/**
 * A debug switch that waits for every kernel, so that an error names the kernel that caused it.
 * Otherwise the error appears at whichever call waits next.
 */
final class DebugSync {

  /** The system property that turns it on. Read when an optimizer is built. */
  static final String PROPERTY = "io.github.lamb4j.debugSync";

  private final boolean enabled = Boolean.getBoolean(PROPERTY);
  private final CudaDriver driver;

  DebugSync(CudaDriver driver) {
    this.driver = driver;
  }

  /** The launch itself, or one that waits for its kernel. */
  CudaDriver.Launch apply(String kernel, CudaDriver.Launch launch) {
    if (!enabled) {
      return launch;
    }
    return stream -> {
      launch.enqueue(stream);
      if (!driver.isCapturing(stream)) { // a captured kernel does not run yet
        waitFor(kernel, stream);
      }
    };
  }

  private void waitFor(String kernel, CudaStream stream) {
    try {
      driver.synchronize(stream);
    } catch (CudaException e) {
      CudaException named =
          new CudaException(
              e.call(), e.code(), Results.nameOf(e.code()), "running kernel " + kernel);
      named.initCause(e);
      throw named;
    }
  }
}
