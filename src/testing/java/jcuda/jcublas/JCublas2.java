package jcuda.jcublas;

import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.jcuda.Api;
import io.github.lamb4j.emulator.jcuda.HostMemory;
import io.github.lamb4j.emulator.jcuda.Natives;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import jcuda.LogLevel;
import jcuda.Pointer;
import jcuda.runtime.cudaStream_t;

/**
 * A float32 part of cuBLAS, computed on the host. Calls that it does not emulate throw
 * UnsupportedOperationException.
 *
 * <p>The same call gives the same bits on every machine, but not cuBLAS's: cuBLAS sums in other
 * orders. Sums of products are fused multiply-adds in float32, in index order, starting at 0. A
 * product of matrices is then scaled by alpha, and {@code fma(beta, c, alpha * sum)} is added to C;
 * with beta 0, C is not read. The norm is summed in float64.
 */
public class JCublas2 extends UnsupportedJCublas2 {

  private static final int INVALID_VALUE = cublasStatus.CUBLAS_STATUS_INVALID_VALUE;
  private static final int OUT_OF_MEMORY = 2; // CUDA_ERROR_OUT_OF_MEMORY

  private static final Api API =
      new Api(
          cublasStatus::stringFor,
          code ->
              code == OUT_OF_MEMORY
                  ? cublasStatus.CUBLAS_STATUS_ALLOC_FAILED
                  : cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED,
          true);

  /** The settings of a handle. */
  private static final class Settings {
    cudaStream_t stream = new cudaStream_t();
    int pointerMode = cublasPointerMode.CUBLAS_POINTER_MODE_HOST;
    int mathMode = cublasMath.CUBLAS_DEFAULT_MATH;
  }

  private static final Map<Long, Settings> HANDLES = new ConcurrentHashMap<>();
  private static final AtomicLong LAST = new AtomicLong(0x5600_0000_0000L);

  private JCublas2() {}

  public static void initialize() {}

  public static void setLogLevel(LogLevel logLevel) {}

  public static void setExceptionsEnabled(boolean enabled) {
    API.setExceptionsEnabled(enabled);
  }

  // --- Handles -----------------------------------------------------------------------------------

  public static int cublasCreate(cublasHandle handle) {
    long number = LAST.addAndGet(0x100);
    HANDLES.put(number, new Settings());
    Natives.set(handle, number);
    return API.call(gpu -> gpu.api().expectContext());
  }

  public static int cublasDestroy(cublasHandle handle) {
    return checked(HANDLES.remove(Natives.of(handle)) != null);
  }

  public static int cublasGetVersion(cublasHandle handle, int[] version) {
    version[0] = 120600;
    return set(handle, settings -> {});
  }

  public static int cublasSetStream(cublasHandle handle, cudaStream_t streamId) {
    cudaStream_t stream = new cudaStream_t();
    Natives.set(stream, Natives.of(streamId));
    return set(handle, settings -> settings.stream = stream);
  }

  public static int cublasGetStream(cublasHandle handle, cudaStream_t streamId) {
    return set(handle, settings -> Natives.set(streamId, Natives.of(settings.stream)));
  }

  public static int cublasSetPointerMode(cublasHandle handle, int mode) {
    return set(handle, settings -> settings.pointerMode = mode);
  }

  public static int cublasGetPointerMode(cublasHandle handle, int[] mode) {
    return set(handle, settings -> mode[0] = settings.pointerMode);
  }

  /** Has no effect: products are always in float32. */
  public static int cublasSetMathMode(cublasHandle handle, int mode) {
    return set(handle, settings -> settings.mathMode = mode);
  }

  public static int cublasGetMathMode(cublasHandle handle, int[] mode) {
    return set(handle, settings -> mode[0] = settings.mathMode);
  }

  /** Has no effect: sums never depend on a schedule. */
  public static int cublasSetAtomicsMode(cublasHandle handle, int mode) {
    return set(handle, settings -> {});
  }

  private static int set(cublasHandle handle, Consumer<Settings> change) {
    Settings settings = HANDLES.get(Natives.of(handle));
    if (settings != null) {
      change.accept(settings);
    }
    return checked(settings != null);
  }

  private static int checked(boolean known) {
    return API.result(known ? 0 : cublasStatus.CUBLAS_STATUS_NOT_INITIALIZED);
  }

  // --- Vectors -----------------------------------------------------------------------------------

  public static int cublasSnrm2(cublasHandle handle, int n, Pointer x, int incx, Pointer result) {
    return run(
        handle,
        n >= 0 && incx > 0,
        (gpu, settings) -> {
          double sum = 0;
          for (float value : vector(gpu, x, n, incx).values()) {
            sum += (double) value * value;
          }
          store(gpu, settings, result, (float) Math.sqrt(sum));
        });
  }

  public static int cublasSscal(cublasHandle handle, int n, Pointer alpha, Pointer x, int incx) {
    return run(
        handle,
        n >= 0 && incx > 0,
        (gpu, settings) -> {
          float factor = scalar(gpu, settings, alpha);
          Matrix vector = vector(gpu, x, n, incx);
          float[] values = vector.values();
          for (int i = 0; i < n; i++) {
            values[i] *= factor;
          }
          vector.write(gpu.api());
        });
  }

  public static int cublasSdgmm(
      cublasHandle handle,
      int mode,
      int m,
      int n,
      Pointer A,
      int lda,
      Pointer x,
      int incx,
      Pointer C,
      int ldc) {
    boolean left = mode == cublasSideMode.CUBLAS_SIDE_LEFT;
    return run(
        handle,
        m >= 0 && n >= 0 && lda >= Math.max(1, m) && ldc >= Math.max(1, m) && incx != 0,
        (gpu, settings) -> {
          float[] a = new Matrix(Natives.of(A), m, n, lda).read(gpu.api()).values();
          float[] diagonal = vector(gpu, x, left ? m : n, incx).values();
          Matrix product = new Matrix(Natives.of(C), m, n, ldc);
          for (int i = 0; i < a.length; i++) {
            product.values()[i] = a[i] * diagonal[left ? i % m : i / m];
          }
          product.write(gpu.api());
        });
  }

  public static int cublasSaxpy(
      cublasHandle handle, int n, Pointer alpha, Pointer x, int incx, Pointer y, int incy) {
    return run(
        handle,
        n >= 0 && incx != 0 && incy != 0,
        (gpu, settings) -> {
          float factor = scalar(gpu, settings, alpha);
          float[] added = vector(gpu, x, n, incx).values();
          Matrix vector = vector(gpu, y, n, incy);
          float[] values = vector.values();
          for (int i = 0; i < n; i++) {
            values[i] = Math.fma(factor, added[i], values[i]);
          }
          vector.write(gpu.api());
        });
  }

  // --- Matrices ----------------------------------------------------------------------------------

  public static int cublasSgemv(
      cublasHandle handle,
      int trans,
      int m,
      int n,
      Pointer alpha,
      Pointer A,
      int lda,
      Pointer x,
      int incx,
      Pointer beta,
      Pointer y,
      int incy) {
    boolean plain = trans == cublasOperation.CUBLAS_OP_N;
    return run(
        handle,
        m >= 0 && n >= 0 && lda >= Math.max(1, m) && incx != 0 && incy != 0,
        (gpu, settings) ->
            multiply(
                gpu,
                settings,
                alpha,
                matrix(gpu, A, m, n, lda, trans),
                vector(gpu, x, plain ? n : m, incx).values(),
                beta,
                Matrix.vector(Natives.of(y), plain ? m : n, incy),
                plain ? m : n,
                1,
                plain ? n : m));
  }

  public static int cublasSgemm(
      cublasHandle handle,
      int transa,
      int transb,
      int m,
      int n,
      int k,
      Pointer alpha,
      Pointer A,
      int lda,
      Pointer B,
      int ldb,
      Pointer beta,
      Pointer C,
      int ldc) {
    boolean plainA = transa == cublasOperation.CUBLAS_OP_N;
    boolean plainB = transb == cublasOperation.CUBLAS_OP_N;
    boolean valid =
        m >= 0
            && n >= 0
            && k >= 0
            && lda >= Math.max(1, plainA ? m : k)
            && ldb >= Math.max(1, plainB ? k : n)
            && ldc >= Math.max(1, m);
    return run(
        handle,
        valid,
        (gpu, settings) -> {
          // B column by column, which is its transpose row by row.
          int otherB = plainB ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
          float[] right = matrix(gpu, B, plainB ? k : n, plainB ? n : k, ldb, otherB);
          multiply(
              gpu,
              settings,
              alpha,
              matrix(gpu, A, plainA ? m : k, plainA ? k : m, lda, transa),
              right,
              beta,
              new Matrix(Natives.of(C), m, n, ldc),
              m,
              n,
              k);
        });
  }

  /**
   * C = alpha * A * B + beta * C.
   *
   * @param a row by row
   * @param b column by column
   * @param c {@code rows} x {@code columns} elements in column-major order
   * @param inner the length of the sums
   */
  private static void multiply(
      EmulatedDriver gpu,
      Settings settings,
      Pointer alpha,
      float[] a,
      float[] b,
      Pointer beta,
      Matrix c,
      int rows,
      int columns,
      int inner) {
    float factor = scalar(gpu, settings, alpha);
    float kept = scalar(gpu, settings, beta);
    if (kept != 0) {
      c.read(gpu.api());
    }
    float[] values = c.values();
    for (int j = 0; j < columns; j++) {
      for (int i = 0; i < rows; i++) {
        float sum = 0;
        for (int l = 0; l < inner; l++) {
          sum = Math.fma(a[i * inner + l], b[j * inner + l], sum);
        }
        float product = factor * sum;
        int at = j * rows + i;
        values[at] = kept == 0 ? product : Math.fma(kept, values[at], product);
      }
    }
    c.write(gpu.api());
  }

  // --- Common ------------------------------------------------------------------------------------

  private interface Operation {
    void run(EmulatedDriver gpu, Settings settings);
  }

  private static int run(cublasHandle handle, boolean valid, Operation operation) {
    Settings settings = HANDLES.get(Natives.of(handle));
    if (settings == null || !valid) {
      return settings == null ? checked(false) : API.result(INVALID_VALUE);
    }
    return API.callOn(
        settings.stream,
        (gpu, stream) -> {
          if (gpu.isCapturing(stream)) {
            throw new UnsupportedOperationException("cuBLAS on a stream that is being captured");
          }
          operation.run(gpu, settings);
        });
  }

  private static Matrix vector(EmulatedDriver gpu, Pointer x, int count, int increment) {
    return Matrix.vector(Natives.of(x), count, increment).read(gpu.api());
  }

  /** The matrix or its transpose, row by row. */
  private static float[] matrix(
      EmulatedDriver gpu, Pointer pointer, int rows, int columns, int stride, int operation) {
    Matrix matrix = new Matrix(Natives.of(pointer), rows, columns, stride).read(gpu.api());
    return operation == cublasOperation.CUBLAS_OP_N ? matrix.byRows() : matrix.values();
  }

  private static float scalar(EmulatedDriver gpu, Settings settings, Pointer pointer) {
    if (settings.pointerMode == cublasPointerMode.CUBLAS_POINTER_MODE_HOST) {
      return HostMemory.read(pointer, Float.BYTES).getFloat();
    }
    ByteBuffer value = HostMemory.direct(Float.BYTES);
    gpu.api().read(value, Natives.of(pointer));
    return value.clear().getFloat();
  }

  private static void store(EmulatedDriver gpu, Settings settings, Pointer pointer, float value) {
    ByteBuffer bytes = HostMemory.direct(Float.BYTES).putFloat(value).clear();
    if (settings.pointerMode == cublasPointerMode.CUBLAS_POINTER_MODE_HOST) {
      HostMemory.write(pointer, bytes);
    } else {
      gpu.api().write(Natives.of(pointer), bytes);
    }
  }
}
