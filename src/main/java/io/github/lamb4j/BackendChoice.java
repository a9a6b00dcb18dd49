package io.github.lamb4j;

import io.github.lamb4j.cuda.CudaProbe;
import io.github.lamb4j.cuda.Kernels;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which backend runs the steps, and why. The one place where that is decided.
 *
 * @param kind the backend
 * @param reason one line for a log or a user
 */
public record BackendChoice(Kind kind, String reason) {

  private static final Logger LOG = LoggerFactory.getLogger(BackendChoice.class);

  /** The backends. */
  public enum Kind {
    /** {@code java.lang} arithmetic on any machine. */
    CPU,
    /** An NVIDIA GPU through JCuda. */
    CUDA
  }

  /**
   * Checks the kind.
   *
   * @throws IllegalArgumentException if it is null
   */
  public BackendChoice {
    if (kind == null) {
      throw new IllegalArgumentException("backend kind: null");
    }
  }

  /** CUDA if this machine has a usable driver and device, else the CPU. */
  public static BackendChoice auto() {
    Optional<String> refusal = CudaProbe.get().refusal();
    if (refusal.isEmpty()) {
      return cuda();
    }
    LOG.info("steps run on the CPU: no CUDA: {}", refusal.get());
    return new BackendChoice(Kind.CPU, "no CUDA: " + refusal.get());
  }

  /** The CPU. */
  public static BackendChoice cpu() {
    return new BackendChoice(Kind.CPU, "asked for");
  }

  /**
   * CUDA.
   *
   * @throws IllegalStateException if this machine has no usable driver or device; the message says
   *     why
   */
  public static BackendChoice cuda() {
    CudaProbe probe = CudaProbe.get();
    requireNone(probe.refusal());
    return new BackendChoice(Kind.CUDA, probe.device() + ", " + probe.driver());
  }

  /** Refuses where no device at all can be used; which one is used, the caller's context says. */
  static void requireDriver() {
    requireNone(CudaProbe.get().driverRefusal());
  }

  private static void requireNone(Optional<String> refusal) {
    if (refusal.isPresent()) {
      throw new IllegalStateException(
          "no CUDA: "
              + refusal.get()
              + ". The CPU backend gives the same numbers: Lamb.onCpu(), or --backend cpu");
    }
  }

  /**
   * Device, driver and kernels, by name: for a bug report. On CUDA this loads the kernels, in the
   * first device's primary context, to say whether they load.
   */
  public static Map<String, String> details() {
    CudaProbe probe = CudaProbe.get();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("device", probe.refusal().isPresent() ? "none" : probe.device());
    details.put("driver", probe.refusal().isPresent() ? "none" : probe.driver());
    details.put("kernels", Kernels.describe() + ", " + probe.loadKernels());
    return details;
  }
}
