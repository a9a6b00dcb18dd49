package io.github.lamb4j.tools.bench;

import static io.github.lamb4j.tools.cublas.CublasLibrary.check;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasSaxpy;
import static jcuda.jcublas.JCublas2.cublasSdgmm;
import static jcuda.jcublas.JCublas2.cublasSnrm2;
import static jcuda.jcublas.JCublas2.cublasSscal;

import io.github.lamb4j.tools.cublas.CublasLibrary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasSideMode;

/**
 * cuBLAS, called through JCublas2 as a JCuda program would: in the current context, on the default
 * stream, with scalars on the host. Creating one throws an {@link IllegalStateException} with the
 * reason if cuBLAS is missing.
 */
final class Cublas implements Blas {

  private final cublasHandle handle = CublasLibrary.open();
  private final FloatBuffer scalar =
      ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
  private final Pointer scalarPointer = Pointer.to(scalar);

  @Override
  public void scale(int count, float alpha, long x) {
    check("cublasSscal", cublasSscal(handle, count, scalar(alpha), at(x), 1));
  }

  @Override
  public void addScaled(int count, float alpha, long x, long y) {
    check("cublasSaxpy", cublasSaxpy(handle, count, scalar(alpha), at(x), 1, at(y), 1));
  }

  /** Multiplies a diagonal matrix by a matrix of one column. */
  @Override
  public void multiply(int count, long a, long b, long c) {
    check(
        "cublasSdgmm",
        cublasSdgmm(
            handle,
            cublasSideMode.CUBLAS_SIDE_LEFT,
            count,
            1,
            at(a),
            count,
            at(b),
            1,
            at(c),
            count));
  }

  @Override
  public float norm(int count, long x) {
    check("cublasSnrm2", cublasSnrm2(handle, count, at(x), 1, scalarPointer));
    return scalar.get(0);
  }

  @Override
  public void close() {
    check("cublasDestroy", cublasDestroy(handle));
  }

  private Pointer scalar(float value) {
    scalar.put(0, value);
    return scalarPointer;
  }

  private static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }
}
