package io.github.lamb4j.internal.cuda.driver;

import io.github.lamb4j.error.CudaException;
import java.util.function.IntSupplier;
import jcuda.driver.CUresult;

/** The result codes of JCuda, which either returns or throws them. */
public final class Results {

  private static final int UNKNOWN = 999; // CUDA_ERROR_UNKNOWN, the largest code

  private Results() {}

  /** The code that a call returned or threw. */
  public static int codeOf(IntSupplier invocation) {
    try {
      return invocation.getAsInt();
    } catch (jcuda.CudaException e) {
      return codeOf(e);
    }
  }

  /**
   * Calls JCuda.
   *
   * @throws CudaException with the purpose of the call if it fails
   */
  static void check(String call, String doing, IntSupplier invocation) {
    int code = codeOf(invocation);
    if (code != 0) {
      throw new CudaException(call, code, nameOf(code), doing);
    }
  }

  /** The code of an exception, which carries only the name of the code. */
  public static int codeOf(jcuda.CudaException thrown) {
    for (int code = 1; code < UNKNOWN; code++) {
      if (CUresult.stringFor(code).equals(thrown.getMessage())) {
        return code;
      }
    }
    return UNKNOWN;
  }

  /** The name of a code, for example {@code CUDA_ERROR_OUT_OF_MEMORY}. */
  public static String nameOf(int code) {
    return CUresult.stringFor(code);
  }
}
