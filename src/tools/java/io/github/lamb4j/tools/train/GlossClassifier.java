package io.github.lamb4j.tools.train;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * A bag-of-words classifier: the mean of the tokens' embeddings, a hidden layer, a softmax.
 *
 * <pre>
 * x = mean over the example's tokens t of E[t]     E is buckets x width
 * h = max(0, x A + a)                              A is width x hidden
 * p = softmax(h B + b)                             B is hidden x classes
 * loss = -log p[label], mean over the batch
 * </pre>
 *
 * <p>Results have the same bits for every number of threads: an example's activations depend only
 * on that example, and one thread sums each gradient element, over the batch in order.
 */
final class GlossClassifier {

  /** A layer's values and the gradient of the batch's loss with respect to them. */
  record Layer(String name, float[] values, float[] gradient) {
    Layer(String name, int size) {
      this(name, new float[size], new float[size]);
    }

    // The sequence of Random.nextFloat is specified exactly.
    private void fill(Random random, double bound) {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) ((2 * random.nextFloat() - 1) * bound);
      }
    }
  }

  /** The number of buckets, the widths of the embedding and the hidden layer, the classes. */
  record Shape(int buckets, int width, int hidden, int classes) {
    int parameters() {
      return buckets * width + width * hidden + hidden + hidden * classes + classes;
    }
  }

  private static final int CHUNK = 64;

  final Layer embedding;
  final Layer hiddenWeight;
  final Layer hiddenBias;
  final Layer outputWeight;
  final Layer outputBias;

  private final Shape shape;
  private final ForkJoinPool workers;

  // The activations of a batch, one row per example, and the gradients with respect to them.
  private final float[] x;
  private final float[] h;
  private final float[] p;
  private final float[] dx;
  private final float[] dh;
  private final double[] losses;
  private final float[] hiddenTransposed;
  private final float[] outputTransposed;

  /**
   * @param capacity the maximum number of examples in a batch
   */
  GlossClassifier(Shape shape, int capacity, long seed, ForkJoinPool workers) {
    this.shape = shape;
    this.workers = workers;
    embedding = new Layer("embedding.weight", shape.buckets * shape.width);
    hiddenWeight = new Layer("hidden.weight", shape.width * shape.hidden);
    hiddenBias = new Layer("hidden.bias", shape.hidden);
    outputWeight = new Layer("output.weight", shape.hidden * shape.classes);
    outputBias = new Layer("output.bias", shape.classes);
    Random random = new Random(seed);
    embedding.fill(random, Math.sqrt(3.0 / shape.width));
    hiddenWeight.fill(random, Math.sqrt(6.0 / (shape.width + shape.hidden)));
    outputWeight.fill(random, Math.sqrt(6.0 / (shape.hidden + shape.classes)));
    x = new float[capacity * shape.width];
    h = new float[capacity * shape.hidden];
    p = new float[capacity * shape.classes];
    dx = new float[x.length];
    dh = new float[h.length];
    losses = new double[capacity];
    hiddenTransposed = new float[hiddenWeight.values.length];
    outputTransposed = new float[outputWeight.values.length];
  }

  Shape shape() {
    return shape;
  }

  /**
   * Computes the gradients of the mean loss over examples {@code order[from..to)} in every layer.
   *
   * @return the sum of the examples' losses
   */
  double differentiate(Examples examples, int[] order, int from, int to) {
    int count = to - from;
    Matrices.transpose(hiddenWeight.values, shape.width, shape.hidden, hiddenTransposed);
    Matrices.transpose(outputWeight.values, shape.hidden, shape.classes, outputTransposed);
    forEachExample(
        count,
        n -> {
          int example = order[from + n];
          forward(n, examples.tokens()[example]);
          losses[n] = lossAndGradient(n, examples.labels()[example], count);
          backward(n, examples.tokens()[example].length);
        });
    sumGradients(examples, order, from, count);
    double loss = 0;
    for (int n = 0; n < count; n++) {
      loss += losses[n];
    }
    return loss;
  }

  /** The most likely class of every example; the lowest one in case of a tie. */
  int[] predict(Examples examples) {
    int[] predicted = new int[examples.size()];
    int capacity = losses.length;
    for (int start = 0; start < predicted.length; start += capacity) {
      int first = start;
      forEachExample(
          Math.min(capacity, predicted.length - first),
          n -> {
            forward(n, examples.tokens()[first + n]);
            predicted[first + n] = largest(p, n * shape.classes, shape.classes);
          });
    }
    return predicted;
  }

  /** The layers, in the order of the forward pass. */
  Layer[] layers() {
    return new Layer[] {embedding, hiddenWeight, hiddenBias, outputWeight, outputBias};
  }

  private void forEachExample(int count, IntConsumer action) {
    forEachPart(
        (count + CHUNK - 1) / CHUNK,
        chunk -> {
          int end = Math.min(count, (chunk + 1) * CHUNK);
          for (int n = chunk * CHUNK; n < end; n++) {
            action.accept(n);
          }
        });
  }

  /** Runs all parts in parallel. No part may write elements that another part accesses. */
  private void forEachPart(int parts, IntConsumer part) {
    workers.submit(() -> IntStream.range(0, parts).parallel().forEach(part)).join();
  }

  private void forward(int n, int[] tokens) {
    int xAt = n * shape.width;
    int hAt = n * shape.hidden;
    int pAt = n * shape.classes;
    Arrays.fill(x, xAt, xAt + shape.width, 0);
    float share = share(tokens.length);
    for (int token : tokens) {
      Matrices.addScaled(x, xAt, shape.width, share, embedding.values, token * shape.width);
    }
    System.arraycopy(hiddenBias.values, 0, h, hAt, shape.hidden);
    Matrices.addRowTimesMatrix(h, hAt, x, xAt, shape.width, hiddenWeight.values, shape.hidden);
    for (int i = hAt; i < hAt + shape.hidden; i++) {
      h[i] = Math.max(0, h[i]);
    }
    System.arraycopy(outputBias.values, 0, p, pAt, shape.classes);
    Matrices.addRowTimesMatrix(p, pAt, h, hAt, shape.hidden, outputWeight.values, shape.classes);
  }

  // Replaces the logits in p by the loss's gradient with respect to them: (softmax - one-hot) /
  // count.
  // StrictMath, because results of Math.exp and Math.log may differ between JVMs.
  private double lossAndGradient(int n, int label, int count) {
    int from = n * shape.classes;
    int to = from + shape.classes;
    float max = p[largest(p, from, shape.classes) + from];
    double labelLogit = (double) p[from + label] - max;
    double sum = 0;
    for (int i = from; i < to; i++) {
      double e = StrictMath.exp((double) p[i] - max);
      p[i] = (float) e;
      sum += e;
    }
    double scale = 1 / (sum * count);
    for (int i = from; i < to; i++) {
      p[i] = (float) (p[i] * scale);
    }
    p[from + label] -= (float) (1.0 / count);
    return StrictMath.log(sum) - labelLogit;
  }

  // From the gradient of the logits to those of the hidden layer before max(0, .) and of one token.
  private void backward(int n, int tokens) {
    int hAt = n * shape.hidden;
    int xAt = n * shape.width;
    Arrays.fill(dh, hAt, hAt + shape.hidden, 0);
    Matrices.addRowTimesMatrix(
        dh, hAt, p, n * shape.classes, shape.classes, outputTransposed, shape.hidden);
    for (int i = hAt; i < hAt + shape.hidden; i++) {
      dh[i] = h[i] > 0 ? dh[i] : 0;
    }
    Arrays.fill(dx, xAt, xAt + shape.width, 0);
    Matrices.addRowTimesMatrix(dx, xAt, dh, hAt, shape.hidden, hiddenTransposed, shape.width);
    float share = share(tokens);
    for (int i = xAt; i < xAt + shape.width; i++) {
      dx[i] *= share;
    }
  }

  private void sumGradients(Examples examples, int[] order, int from, int count) {
    int parts = workers.getParallelism();
    forEachPart(
        parts,
        part -> {
          sumEmbeddings(
              examples,
              order,
              from,
              count,
              cut(shape.buckets, part, parts),
              cut(shape.buckets, part + 1, parts));
          sumDense(hiddenWeight, x, shape.width, dh, shape.hidden, count, part, parts);
          sumDense(outputWeight, h, shape.hidden, p, shape.classes, count, part, parts);
        });
    sumRows(hiddenBias, dh, shape.hidden, count);
    sumRows(outputBias, p, shape.classes, count);
  }

  private void sumEmbeddings(
      Examples examples, int[] order, int from, int count, int lowest, int end) {
    Arrays.fill(embedding.gradient, lowest * shape.width, end * shape.width, 0);
    for (int n = 0; n < count; n++) {
      for (int token : examples.tokens()[order[from + n]]) {
        if (token >= lowest && token < end) {
          Matrices.addScaled(
              embedding.gradient, token * shape.width, shape.width, 1, dx, n * shape.width);
        }
      }
    }
  }

  private static void sumDense(
      Layer layer,
      float[] left,
      int rows,
      float[] right,
      int columns,
      int count,
      int part,
      int parts) {
    int from = cut(rows, part, parts);
    int to = cut(rows, part + 1, parts);
    Arrays.fill(layer.gradient, from * columns, to * columns, 0);
    Matrices.addTransposedProduct(layer.gradient, from, to, left, rows, right, columns, count);
  }

  private static void sumRows(Layer layer, float[] rows, int columns, int count) {
    Arrays.fill(layer.gradient, 0);
    for (int n = 0; n < count; n++) {
      Matrices.addScaled(layer.gradient, 0, columns, 1, rows, n * columns);
    }
  }

  private static int cut(int size, int part, int parts) {
    return (int) ((long) size * part / parts);
  }

  private static float share(int tokens) {
    return tokens == 0 ? 0 : 1f / tokens;
  }

  private static int largest(float[] values, int from, int count) {
    int largest = 0;
    for (int i = 1; i < count; i++) {
      if (values[from + i] > values[from + largest]) {
        largest = i;
      }
    }
    return largest;
  }
}
