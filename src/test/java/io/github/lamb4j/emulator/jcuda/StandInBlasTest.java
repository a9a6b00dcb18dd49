package io.github.lamb4j.emulator.jcuda;

import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasSaxpy;
import static jcuda.jcublas.JCublas2.cublasSdgmm;
import static jcuda.jcublas.JCublas2.cublasSetPointerMode;
import static jcuda.jcublas.JCublas2.cublasSgemm;
import static jcuda.jcublas.JCublas2.cublasSgemv;
import static jcuda.jcublas.JCublas2.cublasSnrm2;
import static jcuda.jcublas.JCublas2.cublasSscal;
import static jcuda.runtime.JCuda.cudaMalloc;
import static jcuda.runtime.JCuda.cudaMemcpy;
import static jcuda.runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost;
import static jcuda.runtime.cudaMemcpyKind.cudaMemcpyHostToDevice;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.lamb4j.emulator.EmulatedGpu;
import io.github.lamb4j.emulator.EmulatorException;
import java.util.SplittableRandom;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasPointerMode;
import jcuda.jcublas.cublasSideMode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stand-in for JCublas2 against the definitions of the routines, in float64. */
@Tag("jcuda")
@EnabledIfSystemProperty(named = "lamb4j.device", matches = "stand-ins")
class StandInBlasTest {

  private static final int N = cublasOperation.CUBLAS_OP_N;

  private final SplittableRandom random = new SplittableRandom(7);
  private final cublasHandle handle = new cublasHandle();

  @BeforeEach
  void create() {
    EmulatedGpu.reset();
    JCublas2.setExceptionsEnabled(true);
    cublasCreate(handle);
  }

  @AfterEach
  void destroy() {
    cublasDestroy(handle);
    JCublas2.setExceptionsEnabled(false);
  }

  private float[] values(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble() - 0.5f;
    }
    return values;
  }

  private static Pointer upload(float... values) {
    Pointer pointer = new Pointer();
    cudaMalloc(pointer, 4L * values.length);
    cudaMemcpy(pointer, Pointer.to(values), 4L * values.length, cudaMemcpyHostToDevice);
    return pointer;
  }

  private static float[] download(Pointer pointer, int count) {
    float[] values = new float[count];
    cudaMemcpy(Pointer.to(values), pointer, 4L * count, cudaMemcpyDeviceToHost);
    return values;
  }

  private static Pointer scalar(float value) {
    return Pointer.to(new float[] {value});
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 0.5", "1, 0, 1", "0, 1, 0.5", "1, 1, -2", "2, 2, 0.5"})
  void shouldMultiplyMatrices(int transA, int transB, float beta) {
    int m = 3;
    int n = 4;
    int k = 5;
    int lda = (transA == N ? m : k) + 2;
    int ldb = (transB == N ? k : n) + 1;
    int ldc = m + 3;
    float[] a = values(lda * (transA == N ? k : m));
    float[] b = values(ldb * (transB == N ? n : k));
    float[] c = values(ldc * n);
    double[] expected = new double[c.length];
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < ldc; i++) {
        double sum = 0;
        for (int l = 0; l < k && i < m; l++) {
          double left = transA == N ? a[l * lda + i] : a[i * lda + l];
          sum += left * (transB == N ? b[j * ldb + l] : b[l * ldb + j]);
        }
        // The elements between the columns stay.
        expected[j * ldc + i] = 1.5 * sum + (i < m ? beta : 1) * c[j * ldc + i];
      }
    }
    Pointer result = upload(c);
    Pointer left = upload(a);
    Pointer right = upload(b);
    Pointer alpha = scalar(1.5f);
    cublasSgemm(
        handle, transA, transB, m, n, k, alpha, left, lda, right, ldb, scalar(beta), result, ldc);
    assertClose(expected, download(result, c.length));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0, -2", "1, 2", "1, 1"})
  void shouldMultiplyMatrixAndVector(int trans, int increment) {
    int m = 3;
    int n = 4;
    int lda = m + 1;
    int inner = trans == N ? n : m;
    int outer = trans == N ? m : n;
    int step = Math.abs(increment);
    float[] a = values(lda * n);
    float[] x = values(2 * inner);
    float[] y = values(step * outer);
    double[] expected = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      expected[i] = y[i];
    }
    for (int i = 0; i < outer; i++) {
      double sum = 0;
      for (int l = 0; l < inner; l++) {
        sum += (double) (trans == N ? a[l * lda + i] : a[i * lda + l]) * x[2 * l];
      }
      int at = step * (increment > 0 ? i : outer - 1 - i);
      expected[at] = 2 * sum + 0.5 * y[at];
    }
    Pointer result = upload(y);
    Pointer two = scalar(2);
    cublasSgemv(
        handle, trans, m, n, two, upload(a), lda, upload(x), 2, scalar(0.5f), result, increment);
    assertClose(expected, download(result, y.length));
  }

  private static void assertClose(double[] expected, float[] actual) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-6, "element " + i);
    }
  }

  @Test
  void shouldNotReadTheResultIfBetaIsZero() {
    Pointer one = upload(3);
    Pointer fresh = new Pointer();
    cudaMalloc(fresh, 4);
    cublasSgemm(handle, N, N, 1, 1, 1, scalar(2), one, 1, one, 1, scalar(0), fresh, 1);
    assertArrayEquals(new float[] {18}, download(fresh, 1));
    Pointer unset = new Pointer();
    cudaMalloc(unset, 4);
    assertThrows(
        EmulatorException.class,
        () -> cublasSgemm(handle, N, N, 1, 1, 1, scalar(2), one, 1, one, 1, scalar(1), unset, 1));
  }

  @Test
  void shouldWorkOnVectors() {
    Pointer x = upload(3, 9, 4);
    float[] norm = new float[1];
    cublasSnrm2(handle, 2, x, 2, Pointer.to(norm));
    assertEquals(5, norm[0]);
    Pointer y = upload(1, 1, 1);
    cublasSaxpy(handle, 3, scalar(2), x, 1, y, 1);
    assertArrayEquals(new float[] {7, 19, 9}, download(y, 3));
    cublasSscal(handle, 3, scalar(10), y, 1);
    assertArrayEquals(new float[] {70, 190, 90}, download(y, 3));
  }

  /** Columns of two elements, three apart in C. */
  @Test
  void shouldMultiplyByADiagonalMatrix() {
    Pointer a = upload(1, 2, 3, 4);
    Pointer x = upload(10, 100);
    Pointer c = upload(-1, -1, -1, -1, -1);
    cublasSdgmm(handle, cublasSideMode.CUBLAS_SIDE_LEFT, 2, 2, a, 2, x, 1, c, 3);
    assertArrayEquals(new float[] {10, 200, -1, 30, 400}, download(c, 5));
    cublasSdgmm(handle, cublasSideMode.CUBLAS_SIDE_RIGHT, 2, 2, a, 2, x, 1, a, 2);
    assertArrayEquals(new float[] {10, 20, 300, 400}, download(a, 4));
  }

  @Test
  void shouldReadScalarsFromTheDevice() {
    cublasSetPointerMode(handle, cublasPointerMode.CUBLAS_POINTER_MODE_DEVICE);
    Pointer x = upload(3, 4);
    cublasSscal(handle, 2, upload(2), x, 1);
    Pointer norm = new Pointer();
    cudaMalloc(norm, 4);
    cublasSnrm2(handle, 2, x, 1, norm);
    assertArrayEquals(new float[] {10}, download(norm, 1));
  }

  @Test
  void shouldRejectBadLeadingDimensionAndDestroyedHandle() {
    Pointer x = upload(1, 2, 3, 4);
    Pointer one = scalar(1);
    CudaException e =
        assertThrows(
            CudaException.class,
            () -> cublasSgemm(handle, N, N, 2, 2, 2, one, x, 1, x, 2, one, x, 2));
    assertEquals("CUBLAS_STATUS_INVALID_VALUE", e.getMessage());
    cublasHandle destroyed = new cublasHandle();
    cublasCreate(destroyed);
    cublasDestroy(destroyed);
    assertThrows(CudaException.class, () -> cublasSscal(destroyed, 1, one, x, 1));
  }
}
