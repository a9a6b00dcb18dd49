package io.github.lamb4j.internal.cuda.driver;

import jcuda.driver.CUstream;
import jcuda.runtime.cudaStream_t;

/**
 * Remembers the last of the caller's streams, so that steps on the same stream allocate nothing.
 * Compares handles, not objects: a program may create another stream in the same object.
 */
public final class LastStream {

  private CUstream driver;
  private cudaStream_t runtime;
  private long number;
  private CudaStream last;

  /** The caller's stream. */
  public CudaStream of(CUstream stream) {
    if (driver == null || !driver.equals(stream)) {
      last = CudaStream.of(stream);
      forget();
      driver = last.handle();
    }
    return last;
  }

  /** The caller's stream, from the CUDA runtime API. */
  public CudaStream of(cudaStream_t stream) {
    if (runtime == null || !runtime.equals(stream)) {
      last = CudaStream.of(stream);
      forget();
      runtime = new cudaStream_t(last.handle());
    }
    return last;
  }

  /** The stream with a handle from another binding. */
  public CudaStream of(long handle) {
    if (number == 0 || number != handle) {
      last = CudaStream.of(handle);
      forget();
      number = handle;
    }
    return last;
  }

  private void forget() {
    driver = null;
    runtime = null;
    number = 0;
  }
}
