package io.github.lamb4j.cuda;

import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDriverGetVersion;
import static jcuda.driver.JCudaDriver.cuInit;

import io.github.lamb4j.CudaException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;

/**
 * Whether this machine can run CUDA, found out once: without a driver JCuda's first touch throws
 * one error and every later one another.
 */
public final class CudaProbe {

  private static final int NO_DEVICE = 100; // CUDA_ERROR_NO_DEVICE

  private final String driverRefusal;
  private final String deviceRefusal;
  private final String device;
  private final String driver;

  private CudaProbe(String driverRefusal, String deviceRefusal, String device, String driver) {
    this.driverRefusal = driverRefusal;
    this.deviceRefusal = deviceRefusal;
    this.device = device;
    this.driver = driver;
  }

  private static final class Holder {
    static final CudaProbe INSTANCE = probe();
  }

  /** The finding. */
  public static CudaProbe get() {
    return Holder.INSTANCE;
  }

  /** Why the first device cannot be used, with the remedy; empty if it can. */
  public Optional<String> refusal() {
    return driverRefusal().or(() -> Optional.ofNullable(deviceRefusal));
  }

  /** Why no device can be used, with the remedy; empty if there is a driver that will do. */
  public Optional<String> driverRefusal() {
    return Optional.ofNullable(driverRefusal);
  }

  /** The first device; null if CUDA is refused. */
  public String device() {
    return device;
  }

  /** The driver; null if CUDA is refused. */
  public String driver() {
    return driver;
  }

  /**
   * Loads the kernels in the first device's primary context, unloads them, and says how it went.
   */
  public String loadKernels() {
    if (refusal().isPresent()) {
      return "not loaded";
    }
    CudaDriver cuda = new JCudaDriver();
    boolean ownContext = cuda.currentContext() == 0;
    if (ownContext) {
      cuda.retainPrimaryContext(0);
    }
    try {
      cuda.unloadModule(cuda.loadModule(Kernels.ptx()));
      return "loaded by the driver";
    } catch (CudaException e) {
      return "not loaded: " + e.getMessage();
    } finally {
      if (ownContext) {
        cuda.releasePrimaryContext(0);
      }
    }
  }

  private static CudaProbe refused(String reason) {
    return new CudaProbe(reason, null, null, null);
  }

  private static CudaProbe probe() {
    try {
      return probeDriver();
    } catch (LinkageError e) {
      return refused(linkageReason(e));
    } catch (jcuda.CudaException e) {
      return refused(e.getMessage());
    }
  }

  private static CudaProbe probeDriver() {
    int code = Results.codeOf(() -> cuInit(0));
    int[] count = new int[1];
    if (code == 0) {
      code = Results.codeOf(() -> cuDeviceGetCount(count));
    }
    if (code == NO_DEVICE || code == 0 && count[0] == 0) {
      return refused(
          "the NVIDIA driver sees no device; is one installed, and visible to this process?");
    }
    if (code != 0) {
      return refused("the NVIDIA driver does not start: " + Results.nameOf(code));
    }
    int[] version = new int[1];
    Results.codeOf(() -> cuDriverGetVersion(version));
    if (version[0] < Kernels.LEAST_DRIVER_VERSION) {
      return refused(DeviceChecks.tooOldDriver(version[0]));
    }
    CUdevice device = new CUdevice();
    Results.codeOf(() -> cuDeviceGet(device, 0));
    byte[] name = new byte[256];
    Results.codeOf(() -> cuDeviceGetName(name, name.length, device));
    String deviceName = new String(name, StandardCharsets.US_ASCII).split("\0", 2)[0];
    int capability =
        10 * attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
            + attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    boolean tooOld = capability < Kernels.LEAST_COMPUTE_CAPABILITY;
    return new CudaProbe(
        null,
        tooOld ? DeviceChecks.tooOldDevice(deviceName, capability) : null,
        "%s (compute capability %.1f)".formatted(deviceName, capability / 10.0),
        "supports CUDA " + DeviceChecks.cudaVersion(version[0]));
  }

  private static int attribute(CUdevice device, int attribute) {
    int[] value = new int[1];
    Results.codeOf(() -> cuDeviceGetAttribute(value, attribute, device));
    return value[0];
  }

  private static String linkageReason(LinkageError e) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("libcuda.so") || message.contains("nvcuda")) {
      return "no NVIDIA driver (libcuda.so.1) is installed";
    }
    return "JCuda's native library cannot be loaded on this platform: "
        + message.lines().findFirst().orElse("");
  }
}
