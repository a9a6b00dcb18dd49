package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceAttribute.COMPUTE_CAPABILITY_MAJOR;
import static io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceAttribute.COMPUTE_CAPABILITY_MINOR;

import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.internal.spi.ParameterArrays;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.Scalar;
import java.util.List;

/** Checks that precede every allocation on the device. */
final class DeviceChecks {

  /** CUDA_ERROR_STREAM_CAPTURE_IMPLICIT. */
  private static final int CAPTURE_IMPLICIT = 906;

  private DeviceChecks() {}

  /** Rejects a thread without a current context, and a stream that is being captured. */
  static void requireContext(CudaDriver driver, CudaStream stream) {
    if (driver.currentContext() == 0) {
      throw new IllegalStateException(
          "this thread has no current CUDA context: call cuCtxSetCurrent with the stream's context, or cudaSetDevice with its device, first");
    }
    if (isCapturing(driver, stream)) {
      throw new IllegalStateException(
          "the stream is being captured, but building an optimizer waits for it: end the capture first");
    }
  }

  /**
   * Whether a stream is being captured.
   *
   * @throws IllegalStateException for the legacy default stream, if a stream is being captured that
   *     synchronizes with it; the capture stays intact
   */
  static boolean isCapturing(CudaDriver driver, CudaStream stream) {
    try {
      return driver.isCapturing(stream);
    } catch (CudaException e) {
      if (e.code() != CAPTURE_IMPLICIT) {
        throw e;
      }
      throw new IllegalStateException(
          "the default stream cannot be used while a stream that synchronizes with it is being captured: end the capture, or capture a stream that was created with CU_STREAM_NON_BLOCKING",
          e);
    }
  }

  /** Rejects a driver or device that cannot run the kernels. */
  static void requireCapable(CudaDriver driver) {
    int version = driver.driverVersion();
    if (version < Kernels.MIN_DRIVER_VERSION) {
      throw new IllegalStateException(tooOldDriver(version));
    }
    int capability =
        10 * driver.attribute(COMPUTE_CAPABILITY_MAJOR)
            + driver.attribute(COMPUTE_CAPABILITY_MINOR);
    if (capability < Kernels.MIN_COMPUTE_CAPABILITY) {
      throw new IllegalStateException(tooOldDevice(driver.deviceName(), capability));
    }
  }

  static String tooOldDriver(int version) {
    return "the NVIDIA driver supports CUDA %s, but the kernels require %s: install a newer driver"
        .formatted(cudaVersion(version), cudaVersion(Kernels.MIN_DRIVER_VERSION));
  }

  static String tooOldDevice(String name, int capability) {
    return "%s has compute capability %.1f, but the kernels require %.1f: use the CPU backend"
        .formatted(name, capability / 10.0, Kernels.MIN_COMPUTE_CAPABILITY / 10.0);
  }

  static String cudaVersion(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** Rejects parameters with arrays in host memory, or that exceed their allocations. */
  static void requireMapped(CudaDriver driver, List<Parameter> parameters) {
    for (Parameter parameter : parameters) {
      DeviceParameter p = (DeviceParameter) parameter;
      ParameterArrays.of(p)
          .forEach((what, array) -> requireMapped(driver, p.name(), what, array, p.count()));
    }
  }

  /** Rejects scalars in host memory. */
  static void requireMapped(CudaDriver driver, GradientOptions options) {
    options.norm().ifPresent(norm -> requireOnDevice(driver, "gradientNorm", norm));
    requireOnDevice(driver, "lossScale", options.lossScale());
    requireOnDevice(driver, "gradientDivisor", options.divisor());
  }

  private static void requireOnDevice(CudaDriver driver, String name, Scalar scalar) {
    if (scalar instanceof Scalar.OnDevice device) {
      requireOnDevice(driver, name, device.array().address());
    }
  }

  private static void requireOnDevice(CudaDriver driver, String what, long address) {
    if (driver.isHostMemory(address)) {
      throw new IllegalArgumentException(
          "%s at 0x%x: in pinned host memory; pass device memory, for example from cudaMalloc"
              .formatted(what, address));
    }
  }

  /** Rejects an array in host memory, or that exceeds the allocation it begins in. */
  static void requireMapped(
      CudaDriver driver, String parameter, String what, DeviceArray array, long count) {
    if (count == 0) {
      return;
    }
    requireOnDevice(driver, "parameter " + parameter + ": " + what, array.address());
    CudaDriver.DeviceRange range = driver.rangeOf(array.address());
    long end = array.address() + count * array.type().bytes();
    if (range != null && end > range.end() && !isMappedInPieces(driver, array.address(), end)) {
      throw new IllegalArgumentException(
          "parameter %s: %d %s elements of %s at 0x%x exceed their allocation (%d bytes at 0x%x): pass the element count of the array"
              .formatted(
                  parameter,
                  count,
                  array.type(),
                  what,
                  array.address(),
                  range.bytes(),
                  range.start()));
    }
  }

  /**
   * Whether memory is mapped to all addresses from start to end, in pieces of one reservation.
   * Neighboring allocations are not: each has a range of its own.
   */
  private static boolean isMappedInPieces(CudaDriver driver, long start, long end) {
    CudaDriver.DeviceRange reservation = driver.reservationOf(start);
    if (reservation == null || end > reservation.end()) {
      return false;
    }
    long at = start;
    while (at < end) {
      CudaDriver.DeviceRange piece = driver.rangeOf(at);
      if (piece == null || !piece.contains(at) || !reservation.equals(driver.reservationOf(at))) {
        return false;
      }
      at = piece.end();
    }
    return true;
  }

  /** Rejects a model whose state does not fit into free device memory. */
  static void requireMemory(CudaDriver driver, List<ParameterGroup> groups) {
    long elements = 0;
    long mastered = 0;
    long tiles = 0;
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        elements += parameter.count();
        mastered += parameter.hasMaster() ? parameter.count() : 0;
        tiles += Tiling.tiles(parameter.count());
      }
    }
    long needed =
        (elements * 2 + mastered) * Float.BYTES + tiles * (CudaLayout.PARTIAL + Integer.BYTES);
    CudaDriver.DeviceMemory memory = driver.memory();
    if (needed > memory.free()) {
      throw new IllegalStateException(
          "the optimizer state of %,d elements needs %,d MiB of device memory, but only %,d of %,d MiB are free: free memory or use a larger device"
              .formatted(elements, needed >> 20, memory.free() >> 20, memory.total() >> 20));
    }
  }
}
