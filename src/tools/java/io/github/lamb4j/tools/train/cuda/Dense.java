package io.github.lamb4j.tools.train.cuda;

import static io.github.lamb4j.tools.cublas.CublasLibrary.check;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasGetVersion;
import static jcuda.jcublas.JCublas2.cublasSetMathMode;
import static jcuda.jcublas.JCublas2.cublasSetStream;
import static jcuda.jcublas.JCublas2.cublasSgemm;
import static jcuda.jcublas.JCublas2.cublasSgemv;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_T;

import io.github.lamb4j.tools.cublas.CublasLibrary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.runtime.cudaStream_t;

/**
 * Products of row-major matrices with cuBLAS, whose matrices are column-major: to cuBLAS, a
 * row-major matrix is its transpose, so each call computes the transposed product with its factors
 * exchanged.
 *
 * <p>cuBLAS promises the same bits in every run of one version on GPUs of the same architecture
 * with the same number of multiprocessors, as long as only one stream uses a handle and atomics are
 * off, as they are by default. Then no workspace needs to be set. Pedantic math rules out TF32,
 * also if the process or an environment variable asks for it. Other GPUs and versions may give
 * other bits.
 */
final class Dense implements AutoCloseable {

  private static final Pointer ONE = scalar(1);
  private static final Pointer ZERO = scalar(0);

  private final cublasHandle handle;

  /**
   * Opens cuBLAS in the current context.
   *
   * @throws IllegalStateException if cuBLAS is missing or cannot be initialized
   */
  Dense(CUstream stream) {
    handle = CublasLibrary.open();
    check("cublasSetStream", cublasSetStream(handle, new cudaStream_t(stream)));
    check("cublasSetMathMode", cublasSetMathMode(handle, cublasMath.CUBLAS_PEDANTIC_MATH));
  }

  /** The version, such as 12.6.4. */
  String version() {
    int[] version = new int[1];
    check("cublasGetVersion", cublasGetVersion(handle, version));
    return version[0] / 10_000 + "." + version[0] / 100 % 100 + "." + version[0] % 100;
  }

  /** {@code out = a b}, with {@code a} of rows x inner and {@code b} of inner x columns. */
  void product(CUdeviceptr out, CUdeviceptr a, CUdeviceptr b, int rows, int inner, int columns) {
    gemm(CUBLAS_OP_N, b, columns, CUBLAS_OP_N, a, inner, out, rows, inner, columns);
  }

  /** {@code out = a bT}, with {@code a} of rows x inner and {@code b} of columns x inner. */
  void productWithTransposed(
      CUdeviceptr out, CUdeviceptr a, CUdeviceptr b, int rows, int inner, int columns) {
    gemm(CUBLAS_OP_T, b, inner, CUBLAS_OP_N, a, inner, out, rows, inner, columns);
  }

  /** {@code out = aT b}, with {@code a} of inner x rows and {@code b} of inner x columns. */
  void transposedProduct(
      CUdeviceptr out, CUdeviceptr a, CUdeviceptr b, int rows, int inner, int columns) {
    gemm(CUBLAS_OP_N, b, columns, CUBLAS_OP_T, a, rows, out, rows, inner, columns);
  }

  private void gemm(
      int operationOfB,
      CUdeviceptr b,
      int rowLengthOfB,
      int operationOfA,
      CUdeviceptr a,
      int rowLengthOfA,
      CUdeviceptr out,
      int rows,
      int inner,
      int columns) {
    int status =
        cublasSgemm(
            handle,
            operationOfB,
            operationOfA,
            columns,
            rows,
            inner,
            ONE,
            b,
            rowLengthOfB,
            a,
            rowLengthOfA,
            ZERO,
            out,
            columns);
    check("cublasSgemm", status);
  }

  /** {@code out[j]} = the sum of column j: a product with a vector of ones. */
  void columnSums(CUdeviceptr out, CUdeviceptr matrix, CUdeviceptr ones, int rows, int columns) {
    int status =
        cublasSgemv(
            handle, CUBLAS_OP_N, columns, rows, ONE, matrix, columns, ones, 1, ZERO, out, 1);
    check("cublasSgemv", status);
  }

  /**
   * {@code out = keep out + scale in}, for {@code count} elements: a product of a matrix of one
   * column with a vector of one element.
   */
  void addScaled(
      CUdeviceptr out, float keep, float scale, CUdeviceptr in, CUdeviceptr ones, int count) {
    int status =
        cublasSgemv(
            handle, CUBLAS_OP_N, count, 1, scalar(scale), in, count, ones, 1, scalar(keep), out, 1);
    check("cublasSgemv", status);
  }

  // A direct buffer: JCuda would pin an array during the call, and hold up garbage collection.
  private static Pointer scalar(float value) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder());
    return Pointer.to(buffer.putFloat(0, value));
  }

  @Override
  public void close() {
    check("cublasDestroy", cublasDestroy(handle));
  }
}
