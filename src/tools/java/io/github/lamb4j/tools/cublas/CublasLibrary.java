package io.github.lamb4j.tools.cublas;

import static jcuda.jcublas.JCublas2.cublasCreate;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;

/** Finds cuBLAS, which is neither part of the driver nor of JCuda. */
public final class CublasLibrary {

  private static final Pattern MISSING = Pattern.compile("libcublas(Lt)?\\.so\\.12");

  private CublasLibrary() {}

  /**
   * Creates a handle in the current context.
   *
   * @throws IllegalStateException if cuBLAS is missing or cannot be initialized; the message names
   *     the file and the package
   */
  public static cublasHandle open() {
    try {
      cublasHandle handle = new cublasHandle();
      check("cublasCreate", cublasCreate(handle));
      return handle;
    } catch (LinkageError e) {
      throw new IllegalStateException(linkageReason(e), e);
    } catch (jcuda.CudaException | IllegalStateException e) {
      throw new IllegalStateException("cuBLAS cannot be initialized: " + e.getMessage(), e);
    }
  }

  /**
   * Checks the status of a call.
   *
   * @throws IllegalStateException if it is an error
   */
  public static void check(String call, int status) {
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw new IllegalStateException(call + " failed: " + cublasStatus.stringFor(status));
    }
  }

  /**
   * Only a cause may know the reason: after a failure, the class reports that it cannot be used.
   */
  static String linkageReason(Throwable error) {
    String reason = error.toString();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      Matcher missing = MISSING.matcher(message);
      if (missing.find()) {
        return "cuBLAS (%s) is not installed; install the cuBLAS of CUDA 12, on Debian and Ubuntu the package libcublas-12-6"
            .formatted(missing.group());
      }
      reason = message.lines().findFirst().orElse(reason);
    }
    return "cuBLAS cannot be loaded: " + reason;
  }
}
