package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaProbe;
import io.github.lamb4j.internal.cuda.driver.JCudaDriver;
import io.github.lamb4j.internal.spi.BackendFactory;
import io.github.lamb4j.internal.spi.BackendProvider;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Provides the CUDA backend, which requires JCuda, an NVIDIA driver and a device. */
public final class CudaProvider implements BackendProvider {

  private static final int PRIORITY = 100;
  private static final int FIRST_DEVICE = 0;

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int priority() {
    return PRIORITY;
  }

  @Override
  public Optional<String> unavailableReason() {
    return unusableDriver().or(CudaProvider::unusableDevice);
  }

  /** Why the driver cannot be used, with the remedy; empty if it can. */
  public static Optional<String> unusableDriver() {
    CudaProbe probe = CudaProbe.get();
    return probe
        .failure()
        .or(
            () ->
                probe.driverVersion() < Kernels.MIN_DRIVER_VERSION
                    ? Optional.of(DeviceChecks.tooOldDriver(probe.driverVersion()))
                    : Optional.empty());
  }

  private static Optional<String> unusableDevice() {
    CudaProbe probe = CudaProbe.get();
    return probe.computeCapability() < Kernels.MIN_COMPUTE_CAPABILITY
        ? Optional.of(DeviceChecks.tooOldDevice(probe.deviceName(), probe.computeCapability()))
        : Optional.empty();
  }

  @Override
  public String description() {
    return device() + ", " + driver();
  }

  private static String device() {
    CudaProbe probe = CudaProbe.get();
    return "%s (compute capability %.1f)"
        .formatted(probe.deviceName(), probe.computeCapability() / 10.0);
  }

  private static String driver() {
    return "supports CUDA " + DeviceChecks.cudaVersion(CudaProbe.get().driverVersion());
  }

  @Override
  public Map<String, String> details() {
    boolean available = unavailableReason().isEmpty();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("device", available ? device() : "none");
    details.put("driver", available ? driver() : "none");
    details.put("kernels", Kernels.describe() + ", " + (available ? loadKernels() : "not loaded"));
    return details;
  }

  /** Loads and unloads the kernels in the first device's primary context. */
  private static String loadKernels() {
    CudaDriver driver = new JCudaDriver();
    boolean ownContext = driver.currentContext() == 0;
    if (ownContext) {
      driver.retainPrimaryContext(FIRST_DEVICE);
    }
    try {
      driver.unloadModule(driver.loadModule(Kernels.ptx()));
      return "loaded by the driver";
    } catch (CudaException e) {
      return "not loaded: " + e.getMessage();
    } finally {
      if (ownContext) {
        driver.releasePrimaryContext(FIRST_DEVICE);
      }
    }
  }

  @Override
  public BackendFactory forHostParameters() {
    return CudaBackends.staged(new JCudaDriver());
  }
}
