package io.github.lamb4j;

import io.github.lamb4j.internal.cuda.CudaBackends;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.BackendFactory;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.MemorySpace;
import io.github.lamb4j.model.ParameterGroup;
import java.util.List;
import java.util.function.BiFunction;

/** Builders on a given driver, such as the emulator or a GPU's driver. */
public final class LambBuilders {

  private LambBuilders() {}

  /** Builds optimizers of device parameters. */
  public static LambBuilder onCuda(CudaDriver driver, CudaStream stream) {
    return LambBuilder.over(CudaBackends.onStream(driver, stream));
  }

  /** Builds optimizers of host parameters on a given backend. */
  public static LambBuilder onHost(
      BiFunction<List<ParameterGroup>, BackendSettings, Backend> backends) {
    return LambBuilder.over(
        new BackendFactory() {
          @Override
          public MemorySpace memory() {
            return MemorySpace.HOST;
          }

          @Override
          public Backend open(List<ParameterGroup> groups, BackendSettings settings) {
            return backends.apply(groups, settings);
          }
        });
  }

  /** Builds optimizers of host parameters that are copied to the device and back. */
  public static LambBuilder staged(CudaDriver driver) {
    return LambBuilder.over(CudaBackends.staged(driver));
  }
}
