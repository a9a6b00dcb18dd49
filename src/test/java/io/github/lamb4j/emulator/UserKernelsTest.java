package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kernels as users write them, in {@code src/test/resources/kernels/user.cu}, compiled as users
 * compile them: optimized, with fast math, and for a debugger.
 */
class UserKernelsTest {

  private static final Path FOLDER =
      Path.of(System.getProperty("user.kernels", "src/test/resources/kernels"));

  private final EmulatedDriver driver =
      new EmulatedDriver(EmulatedDevice.SMALL.withDriverVersion(13_000), 1);
  private final Random random = new Random(1);
  private long module;

  private void load(String mode) throws IOException {
    byte[] text = Files.readAllBytes(FOLDER.resolve("user-%s.ptx".formatted(mode)));
    module = driver.loadModule(Arrays.copyOf(text, text.length + 1));
  }

  private void launch(
      String kernel, Dimensions grid, Dimensions block, int shared, Object... arguments) {
    long function = driver.function(module, kernel);
    int[] sizes = driver.parameterSizes(function);
    ByteBuffer[] buffers = new ByteBuffer[arguments.length];
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] =
          arguments[i] instanceof Long a
              ? Ptx.argument(a)
              : arguments[i] instanceof Integer n
                  ? Ptx.argument(n)
                  : arguments[i] instanceof Float f
                      ? Ptx.argument(Float.floatToRawIntBits(f))
                      : (ByteBuffer) arguments[i];
      assertEquals(sizes[i], buffers[i].capacity(), kernel);
    }
    driver.launch(function, grid, block, shared, null, buffers);
  }

  private float[] random(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) values[i] = (float) random.nextGaussian();
    return values;
  }

  private long upload(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) bits[i] = Float.floatToRawIntBits(values[i]);
    return Ptx.upload(driver, "input", bits);
  }

  private long zeros(int words) {
    return Ptx.upload(driver, "output", new int[words]);
  }

  private float[] download(long address, int count) {
    int[] bits = Ptx.download(driver, address, count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) values[i] = Float.intBitsToFloat(bits[i]);
    return values;
  }

  private static void assertClose(double expected, float actual, String what) {
    double error = Math.abs(expected - actual) / Math.max(1, Math.abs(expected));
    assertTrue(error < 4e-6, "%s: expected %s but was %s".formatted(what, expected, actual));
  }

  @ParameterizedTest
  @ValueSource(strings = {"optimized", "fast", "debug"})
  void shouldComputeActivations(String mode) throws IOException {
    load(mode);
    DoubleUnaryOperator[] functions = {
      Math::exp,
      Math::tanh,
      v -> Math.log(Math.abs(v) + 1e-3f),
      v -> Math.pow(Math.abs(v), 1.7f),
      v -> Math.sqrt(Math.abs(v)),
      v -> 1 / (1 + Math.exp(-v)),
      Math::sin,
      Math::cos,
      v -> 1 / Math.sqrt(Math.abs(v) + 1),
      v -> Math.max(v, 0.01f * v),
      v -> v / 3,
      v -> Math.max(0, Math.min(1, v)),
      v -> v % 0.7f,
      v ->
          Math.floor(v)
              + Math.ceil(v)
              + Math.signum(v) * Math.floor(Math.abs(v) + 0.5)
              + (long) v
              + Math.rint(v),
      v -> Math.copySign(2, v) + (v < 0 ? 1 : 0),
    };
    float[] x = random(100);
    long in = upload(x);
    long out = zeros(x.length);
    for (int kind = 0; kind < functions.length; kind++) {
      launch("activations", Dimensions.of(2), Dimensions.of(64), 0, x.length, in, out, kind);
      float[] y = download(out, x.length);
      for (int i = 0; i < x.length; i++) {
        assertClose(functions[kind].applyAsDouble(x[i]), y[i], kind + " of " + x[i]);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"optimized", "fast", "debug"})
  void shouldComputeSoftmax(String mode) throws IOException {
    load(mode);
    int cols = 100;
    float[] x = random(3 * cols);
    long out = zeros(x.length);
    launch("softmaxRows", Dimensions.of(3), Dimensions.of(64), 256, upload(x), out, cols);
    float[] y = download(out, x.length);
    for (int row = 0; row < 3; row++) {
      double sum = 0;
      for (int c = 0; c < cols; c++) sum += Math.exp(x[row * cols + c]);
      for (int c = 0; c < cols; c++) {
        assertClose(Math.exp(x[row * cols + c]) / sum, y[row * cols + c], "column " + c);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"optimized", "fast", "debug"})
  void shouldNormalizeLayers(String mode) throws IOException {
    load(mode);
    int cols = 200;
    float[] x = random(2 * cols);
    float[] gain = random(cols);
    float[] bias = random(cols);
    long out = zeros(x.length);
    launch(
        "layerNorm",
        Dimensions.of(2),
        Dimensions.of(128),
        0,
        upload(x),
        upload(gain),
        upload(bias),
        out,
        cols,
        1e-5f);
    float[] y = download(out, x.length);
    for (int row = 0; row < 2; row++) {
      double sum = 0;
      double squares = 0;
      for (int c = 0; c < cols; c++) sum += x[row * cols + c];
      double mean = sum / cols;
      for (int c = 0; c < cols; c++) squares += Math.pow(x[row * cols + c] - mean, 2);
      double deviation = Math.sqrt(squares / cols + 1e-5f);
      for (int c = 0; c < cols; c++) {
        double expected = (x[row * cols + c] - mean) / deviation * gain[c] + bias[c];
        assertClose(expected, y[row * cols + c], "column " + c);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"optimized", "fast", "debug"})
  void shouldMultiplyMatricesInTiles(String mode) throws IOException {
    load(mode);
    int m = 19;
    int n = 13;
    int k = 11;
    float[] a = random(m * k);
    float[] b = random(k * n);
    long out = zeros(m * n);
    launch(
        "matmulTiled",
        new Dimensions(2, 3, 1),
        new Dimensions(8, 8, 1),
        0,
        upload(a),
        upload(b),
        out,
        m,
        n,
        k);
    float[] c = download(out, m * n);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int t = 0; t < k; t++) sum += (double) a[i * k + t] * b[t * n + j];
        assertClose(sum, c[i * n + j], i + ", " + j);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"optimized", "fast", "debug"})
  void shouldConvolveOnGridsOfThreeDimensions(String mode) throws IOException {
    load(mode);
    int channels = 2;
    int height = 9;
    int width = 12;
    int size = 3;
    int filters = 4;
    float[] in = random(channels * height * width);
    float[] w = random(filters * channels * size * size);
    int rows = height - size + 1;
    int cols = width - size + 1;
    long out = zeros(filters * rows * cols);
    launch(
        "conv2d",
        new Dimensions(3, 2, 2),
        new Dimensions(4, 4, 2),
        0,
        upload(in),
        upload(w),
        out,
        channels,
        height,
        width,
        size);
    float[] y = download(out, filters * rows * cols);
    for (int i = 0; i < y.length; i++) {
      int col = i % cols;
      int row = i / cols % rows;
      int filter = i / cols / rows;
      double sum = 0;
      for (int c = 0; c < channels; c++) {
        for (int d = 0; d < size * size; d++) {
          int at = (c * height + row + d / size) * width + col + d % size;
          sum += (double) in[at] * w[(filter * channels + c) * size * size + d];
        }
      }
      assertClose(sum, y[i], "element " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"optimized", "fast", "debug"})
  void shouldScatterWithAtomics(String mode) throws IOException {
    load(mode);
    long[] ids = {2, 0, 2, 1};
    long idsOnDevice = Ptx.upload(driver, "ids", 2, 0, 0, 0, 2, 0, 1, 0);
    float[] gradients = random(4 * 5);
    long table = zeros(3 * 5);
    launch(
        "scatterAdd",
        Dimensions.of(4),
        Dimensions.of(32),
        0,
        table,
        idsOnDevice,
        upload(gradients),
        5);
    double[] expected = new double[15];
    for (int i = 0; i < 20; i++) expected[(int) ids[i / 5] * 5 + i % 5] += gradients[i];
    float[] sums = download(table, 15);
    for (int i = 0; i < 15; i++) assertClose(expected[i], sums[i], "element " + i);
  }

  @ParameterizedTest
  @ValueSource(strings = {"optimized", "fast", "debug"})
  void shouldConvertHalvesAndComputeWithThem(String mode) throws IOException {
    load(mode);
    float[] x = {1, 1.0009765625f, -3, 0.1f};
    long halves = zeros(2);
    long brains = zeros(2);
    long back = zeros(4);
    launch("halves", Dimensions.of(1), Dimensions.of(32), 0, upload(x), halves, brains, back, 4);
    float[] y = download(back, 4);
    for (int i = 0; i < 4; i++) {
      float half = (float) Floats.decode(round(x[i], Type.F16), Type.F16);
      assertEquals(half + (float) Floats.decode(round(x[i], Type.BF16), Type.BF16), y[i]);
    }
    long squares = zeros(2);
    launch("halfMath", Dimensions.of(1), Dimensions.of(32), 0, halves, halves, squares, 4);
    // -3 * -3 + (-3 + -3) = 3
    assertEquals(round(3, Type.F16), Ptx.download(driver, squares, 2)[1] & 0xffff);
  }

  private static long round(float value, Type type) {
    return Floats.round(value, type, java.math.RoundingMode.HALF_EVEN);
  }

  /** Constant memory, initialized variables, arrays on the stack, structures passed by value. */
  @ParameterizedTest
  @ValueSource(strings = {"optimized", "fast", "debug"})
  void shouldUseVariablesStackAndFunctions(String mode) throws IOException {
    load(mode);
    float[] taps = {0.25f, 0.5f, -1, 2};
    long out = zeros(16);
    ByteBuffer table = Ptx.buffer(32);
    for (int i = 0; i < 8; i++) table.putFloat(4 * i, i);
    driver.copyToDevice(driver.variable(module, "table").start(), table, null);
    launch("constants", Dimensions.of(1), Dimensions.of(32), 0, out, 16);
    float[] y = download(out, 16);
    for (int i = 0; i < 16; i++) {
      int k = i * 5 % 6;
      assertEquals(taps[k + i & 3] + k + 7 + (i & 7), y[i]);
    }
    float[] x = {2, 3};
    ByteBuffer pair = Ptx.buffer(16).putFloat(0, 10).putInt(4, 9).putDouble(8, 0.5);
    launch("callsFunctions", Dimensions.of(1), Dimensions.of(32), 0, upload(x), out, pair, 2);
    // poly(2, 3) = 4, poly(3, 4) = 18; then a + x, (int) x and c * x.
    assertArrayEquals(
        new float[] {4 + 12 + 2 + 1, 18 + 13 + 3 + 1.5f}, Arrays.copyOf(download(out, 2), 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"optimized", "fast", "debug"})
  void shouldAcceptEqualStoresOnlyIfAllowed(String mode) throws IOException {
    load(mode);
    long x = upload(new float[] {-1, 1, -1});
    long flag = zeros(1);
    Dimensions one = Dimensions.of(1);
    EmulatorException e =
        assertThrows(
            EmulatorException.class,
            () -> launch("anyNegative", one, Dimensions.of(32), 0, x, 3, flag));
    assertTrue(e.getMessage().contains("race"), e.getMessage());
    assertTrue(e.getMessage().contains("anyNegative"), e.getMessage());
    driver.allowEqualStores(true);
    launch("anyNegative", one, Dimensions.of(32), 0, x, 3, flag);
    assertEquals(1, Ptx.download(driver, flag, 1)[0]);
  }
}
