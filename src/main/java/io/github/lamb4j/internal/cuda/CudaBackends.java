package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.BackendFactory;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.MemorySpace;
import io.github.lamb4j.model.ParameterGroup;
import java.util.List;

/** The two CUDA backends: on device arrays, and on host arrays with staging copies. */
public final class CudaBackends {

  private CudaBackends() {}

  /** Steps in place on the caller's device memory, on the caller's stream. */
  public static BackendFactory onStream(CudaDriver driver, CudaStream stream) {
    return new BackendFactory() {
      @Override
      public MemorySpace memory() {
        return MemorySpace.DEVICE;
      }

      @Override
      public Backend open(List<ParameterGroup> groups, BackendSettings settings) {
        return settings.isPlain()
            ? new CudaBackend(driver, stream, groups, settings)
            : new ShardedCudaBackend(driver, stream, groups, settings);
      }
    };
  }

  private static void requirePlain(BackendSettings settings) {
    if (!settings.isPlain()) {
      throw new IllegalArgumentException(
          "microBatches or collective: the parameters are in host memory, which on CUDA is not supported; use Lamb.onCuda with Parameter.onDevice, or Lamb.onCpu()");
    }
  }

  /** Steps on device copies of host parameters. */
  public static BackendFactory staged(CudaDriver driver) {
    return new Staged(driver);
  }

  private static final class Staged implements BackendFactory {

    private final CudaDriver driver;

    Staged(CudaDriver driver) {
      this.driver = driver;
    }

    @Override
    public MemorySpace memory() {
      return MemorySpace.HOST;
    }

    @Override
    public Backend open(List<ParameterGroup> groups, BackendSettings settings) {
      requirePlain(settings);
      // A primary context that another optimizer has made current is destroyed when that one is
      // closed, unless this one retains it as well.
      boolean ownContext =
          driver.currentContext() == 0
              || driver.isPrimaryContextCurrent(StagedCudaBackend.FIRST_DEVICE);
      return new StagedCudaBackend(driver, groups, settings, ownContext);
    }
  }
}
