package io.github.lamb4j.internal.cuda.driver;

import jcuda.driver.CUstream;

/** An opaque handle of a stream. Two are equal if they denote the same stream. */
public final class CudaStream {

  /** The legacy default stream. */
  public static final CudaStream LEGACY = of(new CUstream());

  private final Object handle;

  private CudaStream(Object handle) {
    this.handle = handle;
  }

  /** The caller's stream. */
  public static CudaStream of(CUstream stream) {
    return new CudaStream(stream);
  }

  /** A new stream of a driver other than JCuda, equal only to itself. */
  public static CudaStream ofOtherDriver() {
    return new CudaStream(new Object());
  }

  /** The JCuda stream. */
  public CUstream handle() {
    return (CUstream) handle;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CudaStream stream && handle.equals(stream.handle);
  }

  @Override
  public int hashCode() {
    return handle.hashCode();
  }

  @Override
  public String toString() {
    return "stream " + handle;
  }
}
