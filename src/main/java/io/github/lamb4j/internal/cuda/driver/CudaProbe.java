package io.github.lamb4j.internal.cuda.driver;

import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDriverGetVersion;
import static jcuda.driver.JCudaDriver.cuInit;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;

/**
 * The driver and first device of this machine. Looked up once, because without a driver the first
 * use of JCuda throws a different error than later ones.
 */
public final class CudaProbe {

  private static final int NO_DEVICE = 100; // CUDA_ERROR_NO_DEVICE

  /** JCuda's message if its natives jar is missing; the groups are version and platform. */
  private static final Pattern MISSING_NATIVES =
      Pattern.compile(
          "No resource found with name '/lib/(?:lib)?\\w+-([\\w.]+)-(\\w+-\\w+)\\.\\w+'");

  private final String failure;
  private final int driverVersion;
  private final String deviceName;
  private final int computeCapability;

  private CudaProbe(String failure, int driverVersion, String deviceName, int computeCapability) {
    this.failure = failure;
    this.driverVersion = driverVersion;
    this.deviceName = deviceName;
    this.computeCapability = computeCapability;
  }

  /** The result of the lookup. */
  public static CudaProbe get() {
    try {
      return Lookup.RESULT;
    } catch (LinkageError e) {
      return failed(
          "JCuda is not on the class path; to use a GPU, add the dependency org.jcuda:jcuda, version 10.2.0 to 12.6.0");
    }
  }

  /** Why no device can be used, with the remedy; empty if one can. */
  public Optional<String> failure() {
    return Optional.ofNullable(failure);
  }

  /** The CUDA version that the driver supports, as 1000 * major + 10 * minor. */
  public int driverVersion() {
    return driverVersion;
  }

  /** The first device's name. */
  public String deviceName() {
    return deviceName;
  }

  /** The first device's compute capability, as 10 * major + minor. */
  public int computeCapability() {
    return computeCapability;
  }

  /**
   * Why JCuda's native library did not load. Often only a cause knows: a class that failed to
   * initialize once reports "Could not initialize class" from then on, and an
   * ExceptionInInitializerError has no message.
   */
  static String linkageReason(Throwable error) {
    String reason = error.toString();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      String message = Objects.requireNonNullElse(cause.getMessage(), "");
      if (message.contains("libcuda.so") || message.contains("nvcuda")) {
        return "no NVIDIA driver (libcuda.so.1) is installed";
      }
      Matcher missing = MISSING_NATIVES.matcher(message);
      if (missing.find()) {
        return "JCuda's native libraries are missing; add the dependency org.jcuda:jcuda-natives:%s:%s"
            .formatted(missing.group(1), missing.group(2));
      }
      if (!message.isBlank()) {
        reason = message.lines().findFirst().orElseThrow();
      }
    }
    return "JCuda's native library cannot be loaded on this platform: " + reason;
  }

  private static CudaProbe failed(String reason) {
    return new CudaProbe(reason, 0, null, 0);
  }

  /** Uses JCuda's classes, which may be missing. Only {@link #get} may use this class. */
  private static final class Lookup {
    static final CudaProbe RESULT = probe();

    private static CudaProbe probe() {
      try {
        NativeLibraries.unpack();
        return probeDriver();
      } catch (IllegalStateException e) {
        return failed(e.getMessage());
      } catch (LinkageError e) {
        return failed(linkageReason(e));
      } catch (jcuda.CudaException e) {
        return failed(e.getMessage());
      }
    }

    private static CudaProbe probeDriver() {
      int code = Results.codeOf(() -> cuInit(0));
      int[] count = new int[1];
      if (code == 0) {
        code = Results.codeOf(() -> cuDeviceGetCount(count));
      }
      if (code == NO_DEVICE || code == 0 && count[0] == 0) {
        return failed(
            "the NVIDIA driver finds no device; check that one is installed and visible to this process");
      }
      if (code != 0) {
        return failed("the NVIDIA driver cannot be initialized: " + Results.nameOf(code));
      }
      int[] version = new int[1];
      Results.codeOf(() -> cuDriverGetVersion(version));
      CUdevice device = new CUdevice();
      Results.codeOf(() -> cuDeviceGet(device, 0));
      byte[] name = new byte[256];
      Results.codeOf(() -> cuDeviceGetName(name, name.length, device));
      return new CudaProbe(
          null,
          version[0],
          new String(name, StandardCharsets.US_ASCII).split("\0", 2)[0],
          10 * attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
              + attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
    }

    private static int attribute(CUdevice device, int attribute) {
      int[] value = new int[1];
      Results.codeOf(() -> cuDeviceGetAttribute(value, attribute, device));
      return value[0];
    }
  }
}
