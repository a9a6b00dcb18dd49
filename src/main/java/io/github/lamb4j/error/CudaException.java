package io.github.lamb4j.error;

/**
 * A CUDA driver call failed. The message names the call, the result code and the operation. Because
 * CUDA is asynchronous, the cause may be work that was enqueued earlier on the same context.
 */
public final class CudaException extends RuntimeException {

  /** The driver's entry point. */
  private final String call;

  /** The driver's result code. */
  private final int code;

  /**
   * Describes a failed call.
   *
   * @param call the driver's entry point, for example {@code cuMemAlloc}
   * @param code the driver's result code, a {@code CUresult}
   * @param codeName the name of the code, for example {@code CUDA_ERROR_OUT_OF_MEMORY}
   * @param operation what lamb4j was doing, a phrase that follows "while"
   */
  public CudaException(String call, int code, String codeName, String operation) {
    super("%s failed with %s (%d) while %s".formatted(call, codeName, code, operation));
    this.call = call;
    this.code = code;
  }

  /** {@return the driver's entry point, for example {@code cuMemAlloc}} */
  public String call() {
    return call;
  }

  /** {@return the driver's result code, a {@code CUresult}} */
  public int code() {
    return code;
  }
}
