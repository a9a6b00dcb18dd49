package io.github.lamb4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each kernel of the training example, on the emulator, against its CPU twin. */
class TrainKernelsTest {

  private static final int THREADS = 128;
  private static final int WIDTH = 5;
  private static final int BUCKETS = 16;
  private static final int CLASSES = 7;

  // An empty example, a token that repeats in an example, a token in several examples.
  private static final int[][] TOKENS = {{1, 2, 3}, {}, {4, 4, 1}, {15}, {0, 2, 5, 6, 7}, {9}};
  private static final int[] LABELS = {0, 6, 2, 2, 1, 5};
  private static final int[] STARTS = {0, 3, 3, 6, 7, 12, 13};
  private static final int[] ORDER = {5, 2, 0, 1, 4, 3};

  /** The batch is the last five examples of the order. */
  private static final int FIRST = 1;

  private static final int COUNT = 5;

  private final EmulatedDriver driver = new EmulatedDriver();
  private final CudaStream stream = CudaStream.LEGACY;
  private final Random random = new Random(3);
  private long module;

  @BeforeEach
  void load() throws IOException {
    byte[] ptx = Files.readAllBytes(Path.of("kernels/train/train.ptx"));
    module = driver.loadModule(Arrays.copyOf(ptx, ptx.length + 1));
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private long upload(ByteBuffer bytes) {
    long address = driver.allocate(bytes.capacity(), "test");
    driver.copyToDevice(address, bytes, stream);
    return address;
  }

  private long upload(float... values) {
    ByteBuffer bytes = buffer(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return upload(bytes);
  }

  private long upload(int... values) {
    ByteBuffer bytes = buffer(values.length * Integer.BYTES);
    bytes.asIntBuffer().put(values);
    return upload(bytes);
  }

  private ByteBuffer download(long address, int bytes) {
    ByteBuffer result = buffer(bytes);
    driver.copyToHost(result, address, stream);
    return result;
  }

  private float[] floats(long address, int count) {
    float[] values = new float[count];
    download(address, count * Float.BYTES).asFloatBuffer().get(values);
    return values;
  }

  private void launch(String kernel, int threads, Object... arguments) {
    ByteBuffer[] buffers = new ByteBuffer[arguments.length];
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] =
          arguments[i] instanceof Integer number
              ? buffer(Integer.BYTES).putInt(0, number)
              : buffer(Long.BYTES).putLong(0, (Long) arguments[i]);
    }
    int blocks = (threads + THREADS - 1) / THREADS;
    driver
        .prepare(driver.function(module, kernel), kernel, blocks, THREADS, 0, buffers)
        .enqueue(stream);
  }

  private float[] random(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = 4 * random.nextFloat() - 2;
    }
    return values;
  }

  private static float[][] rows(float[] matrix, int width) {
    float[][] rows = new float[matrix.length / width][];
    for (int n = 0; n < rows.length; n++) {
      rows[n] = Arrays.copyOfRange(matrix, n * width, (n + 1) * width);
    }
    return rows;
  }

  private static float[][] rowsPlusBias(float[] matrix, float[] bias) {
    float[][] rows = rows(matrix, bias.length);
    for (float[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] += bias[i];
      }
    }
    return rows;
  }

  /** Compares bits. */
  private void assertRows(float[][] expected, long device) {
    int width = expected[0].length;
    assertArrayEquals(expected, rows(floats(device, expected.length * width), width));
  }

  private static int[] tokensAt(int n) {
    return TOKENS[ORDER[FIRST + n]];
  }

  @Test
  void shouldAverageEmbeddingsLikeTheTwin() {
    float[] embedding = random(BUCKETS * WIDTH);
    float[][] expected = new float[COUNT][WIDTH];
    for (int n = 0; n < COUNT; n++) {
      HostKernels.meanEmbedding(expected[n], embedding, tokensAt(n));
    }
    long x = driver.allocate(COUNT * WIDTH * Float.BYTES, "x");
    int[] tokens = Arrays.stream(TOKENS).flatMapToInt(Arrays::stream).toArray();
    long places = upload(ORDER);
    launch(
        "mean_embedding",
        COUNT * WIDTH,
        x,
        upload(embedding),
        upload(tokens),
        upload(STARTS),
        places,
        FIRST,
        COUNT,
        WIDTH);
    assertRows(expected, x);
  }

  @Test
  void shouldDivideTheGradientOfTheMeanLikeTheTwin() {
    float[] before = random(COUNT * WIDTH);
    long dx = upload(before);
    launch("mean_gradient", before.length, dx, upload(STARTS), upload(ORDER), FIRST, COUNT, WIDTH);
    float[][] expected = rows(before, WIDTH);
    for (int n = 0; n < COUNT; n++) {
      HostKernels.meanGradient(expected[n], tokensAt(n));
    }
    assertRows(expected, dx);
  }

  @Test
  void shouldActivateLikeTheTwin() {
    float[] h = random(COUNT * WIDTH);
    h[0] = Float.NaN;
    float[] bias = random(WIDTH);
    float[][] expected = rowsPlusBias(h, bias);
    float[] dh = random(h.length);
    long device = upload(h);
    long gradient = upload(dh);
    launch("bias_and_relu", h.length, device, upload(bias), COUNT, WIDTH);
    launch("relu_gradient", h.length, gradient, device, COUNT, WIDTH);
    float[][] expectedGradient = rows(dh, WIDTH);
    for (int n = 0; n < COUNT; n++) {
      HostKernels.relu(expected[n]);
      HostKernels.reluGradient(expectedGradient[n], expected[n]);
    }
    assertRows(expected, device);
    assertTrue(Float.isNaN(expected[0][0]));
    assertRows(expectedGradient, gradient);
  }

  @Test
  void shouldComputeLossAndGradientLikeTheTwin() {
    float[] logits = random(COUNT * CLASSES);
    logits[CLASSES] = 300; // the other exponentials underflow
    float[] bias = random(CLASSES);
    float[][] expected = rowsPlusBias(logits, bias);
    long device = upload(logits);
    long losses = driver.allocate((FIRST + COUNT) * Double.BYTES, "losses");
    launch(
        "softmax_loss",
        COUNT,
        device,
        upload(bias),
        upload(LABELS),
        upload(ORDER),
        FIRST,
        COUNT,
        CLASSES,
        losses);
    float[] actual = floats(device, logits.length);
    ByteBuffer found = download(losses + FIRST * Double.BYTES, COUNT * Double.BYTES);
    for (int n = 0; n < COUNT; n++) {
      int label = LABELS[ORDER[FIRST + n]];
      double loss = HostKernels.softmaxLoss(expected[n], label, COUNT);
      assertEquals(loss, found.getDouble(n * Double.BYTES), 1e-14 * Math.max(1, loss));
    }
    for (int i = 0; i < actual.length; i++) {
      float value = expected[i / CLASSES][i % CLASSES];
      assertEquals(value, actual[i], 1.5 * Math.ulp(value), "element " + i);
    }
  }

  @Test
  void shouldPredictTheLowestOfEqualClasses() {
    float[] logits = random(COUNT * CLASSES);
    logits[3] = 9;
    logits[5] = 9;
    long predicted = upload(new int[FIRST + COUNT]);
    launch(
        "predict",
        COUNT,
        predicted,
        upload(logits),
        upload(new float[CLASSES]),
        FIRST,
        COUNT,
        CLASSES);
    ByteBuffer found = download(predicted, (FIRST + COUNT) * Integer.BYTES);
    float[][] rows = rows(logits, CLASSES);
    for (int n = 0; n < COUNT; n++) {
      assertEquals(HostKernels.largest(rows[n]), found.getInt((FIRST + n) * Integer.BYTES));
    }
    assertEquals(3, found.getInt(FIRST * Integer.BYTES));
  }

  // Rows of the batch's buckets, as BatchIndex lists them; the first row belongs to another batch.
  @Test
  void shouldSumEmbeddingGradientsLikeTheTwin() {
    float[] dx = random(COUNT * WIDTH);
    int[] buckets = {9, 0, 1, 2, 3, 4, 5, 6, 7, 15};
    int[] starts = {0, 1, 2, 4, 6, 7, 9, 10, 11, 12, 13};
    int[] positions = {0, 3, 0, 1, 1, 3, 1, 0, 0, 3, 3, 3, 4};
    int[][] batch = new int[COUNT][];
    for (int n = 0; n < COUNT; n++) {
      batch[n] = tokensAt(n);
    }
    float[] expected = new float[BUCKETS * WIDTH];
    HostKernels.embeddingGradient(expected, rows(dx, WIDTH), batch, WIDTH, 0, BUCKETS);
    long gradient = upload(new float[expected.length]);
    launch(
        "embedding_gradient",
        (buckets.length - 1) * WIDTH,
        gradient,
        upload(dx),
        upload(buckets),
        upload(starts),
        upload(positions),
        1,
        buckets.length - 1,
        WIDTH);
    assertArrayEquals(expected, floats(gradient, expected.length));
  }
}
