package io.github.lamb4j.error;

/** A CUDA driver call that failed: which one, with which code, and what was being done. */
public final class CudaException extends RuntimeException {

  private final String call;
  private final int code;

  public CudaException(String call, int code, String codeName, String doing) {
    super("%s failed with %s (%d) while %s".formatted(call, codeName, code, doing));
    this.call = call;
    this.code = code;
  }

  /** The driver's entry point, for example {@code cuMemAlloc}. */
  public String call() {
    return call;
  }

  /** The driver's result code, a {@code CUresult}. */
  public int code() {
    return code;
  }
}
