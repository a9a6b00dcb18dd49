package io.github.lamb4j.tools.train;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.schedule.Schedule;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * The classifier on the CPU. Results have the same bits for every number of threads: an example's
 * activations depend only on that example, and one thread sums each gradient element, over the
 * batch in order.
 */
final class HostClassifier implements Classifier {

  private static final int CHUNK = 64;

  private final ModelShape shape;
  private final Examples.Split data;
  private final ForkJoinPool workers;
  private final Map<Layer, float[]> values;
  private final Map<Layer, float[]> gradients = new EnumMap<>(Layer.class);

  // The activations of a batch, one row per example, and the gradients with respect to them.
  private final float[] x;
  private final float[] h;
  private final float[] p;
  private final float[] dx;
  private final float[] dh;
  private final double[] losses;
  private final float[] hiddenTransposed;
  private final float[] outputTransposed;

  private int[] order;
  private double epochLoss;

  HostClassifier(
      ModelShape shape, int batchSize, long seed, Examples.Split data, ForkJoinPool workers) {
    this.shape = shape;
    this.data = data;
    this.workers = workers;
    values = Layer.initialValues(shape, seed);
    values.forEach((layer, array) -> gradients.put(layer, new float[array.length]));
    x = new float[batchSize * shape.width()];
    h = new float[batchSize * shape.hidden()];
    p = new float[batchSize * shape.classes()];
    dx = new float[x.length];
    dh = new float[h.length];
    losses = new double[batchSize];
    hiddenTransposed = new float[values.get(Layer.HIDDEN_WEIGHT).length];
    outputTransposed = new float[values.get(Layer.OUTPUT_WEIGHT).length];
  }

  @Override
  public LambBuilder optimizer(Hyperparameters weights, Hyperparameters biases) {
    return Lamb.onCpu()
        .threads(workers.getParallelism())
        .group(
            "weights",
            weights,
            parameter(Layer.EMBEDDING),
            parameter(Layer.HIDDEN_WEIGHT),
            parameter(Layer.OUTPUT_WEIGHT))
        .group("biases", biases, parameter(Layer.HIDDEN_BIAS), parameter(Layer.OUTPUT_BIAS));
  }

  @Override
  public Stepper momentum(Schedule schedule, double momentum) {
    return new HostMomentum(values, gradients, schedule, momentum);
  }

  private Parameter parameter(Layer layer) {
    return Parameter.onHost(layer.label(), values.get(layer), gradients.get(layer));
  }

  @Override
  public void startEpoch(int[] newOrder) {
    order = newOrder.clone();
    epochLoss = 0;
  }

  @Override
  public OptionalDouble differentiate(int from, int to, int batchExamples) {
    int[][] tokens = new int[to - from][];
    int[] labels = new int[to - from];
    for (int n = 0; n < labels.length; n++) {
      tokens[n] = data.train().tokens()[order[from + n]];
      labels[n] = data.train().labels()[order[from + n]];
    }
    Matrices.transpose(
        values.get(Layer.HIDDEN_WEIGHT), shape.width(), shape.hidden(), hiddenTransposed);
    Matrices.transpose(
        values.get(Layer.OUTPUT_WEIGHT), shape.hidden(), shape.classes(), outputTransposed);
    forEachExample(
        labels.length,
        n -> {
          forward(n, tokens[n]);
          losses[n] = HostKernels.softmaxLoss(p, n, labels[n], batchExamples, shape.classes());
          backward(n, tokens[n]);
        });
    sumGradients(tokens);
    double loss = 0;
    for (int n = 0; n < labels.length; n++) {
      loss += losses[n];
    }
    epochLoss += loss;
    return OptionalDouble.of(loss);
  }

  @Override
  public double epochLoss() {
    return epochLoss;
  }

  @Override
  public int[] predictHeldOut() {
    int[][] tokens = data.heldOut().tokens();
    int[] predicted = new int[tokens.length];
    int batchSize = losses.length;
    for (int start = 0; start < predicted.length; start += batchSize) {
      int first = start;
      forEachExample(
          Math.min(batchSize, predicted.length - first),
          n -> {
            forward(n, tokens[first + n]);
            predicted[first + n] = HostKernels.largest(p, n, shape.classes());
          });
    }
    return predicted;
  }

  @Override
  public float[] values(Layer layer) {
    return values.get(layer).clone();
  }

  /** The array itself. */
  float[] weight(Layer layer) {
    return values.get(layer);
  }

  float[] gradient(Layer layer) {
    return gradients.get(layer);
  }

  @Override
  public void close() {}

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
    HostKernels.meanEmbedding(x, n, values.get(Layer.EMBEDDING), tokens, shape.width());
    affine(h, x, n, shape.width(), shape.hidden(), Layer.HIDDEN_WEIGHT, Layer.HIDDEN_BIAS);
    HostKernels.relu(h, n, shape.hidden());
    affine(p, h, n, shape.hidden(), shape.classes(), Layer.OUTPUT_WEIGHT, Layer.OUTPUT_BIAS);
  }

  private void affine(
      float[] out, float[] in, int n, int rows, int columns, Layer weight, Layer bias) {
    System.arraycopy(values.get(bias), 0, out, n * columns, columns);
    Matrices.addRowTimesMatrix(out, n * columns, in, n * rows, rows, values.get(weight), columns);
  }

  // From the gradient of the logits to those of the hidden layer before max(0, .) and of one token.
  private void backward(int n, int[] tokens) {
    product(dh, p, n, shape.classes(), outputTransposed, shape.hidden());
    HostKernels.reluGradient(dh, h, n, shape.hidden());
    product(dx, dh, n, shape.hidden(), hiddenTransposed, shape.width());
    HostKernels.meanGradient(dx, n, tokens, shape.width());
  }

  private static void product(
      float[] out, float[] in, int n, int rows, float[] matrix, int columns) {
    Arrays.fill(out, n * columns, (n + 1) * columns, 0);
    Matrices.addRowTimesMatrix(out, n * columns, in, n * rows, rows, matrix, columns);
  }

  private void sumGradients(int[][] tokens) {
    int count = tokens.length;
    int parts = workers.getParallelism();
    forEachPart(
        parts,
        part -> {
          HostKernels.embeddingGradient(
              gradients.get(Layer.EMBEDDING),
              dx,
              tokens,
              shape.width(),
              cut(shape.buckets(), part, parts),
              cut(shape.buckets(), part + 1, parts));
          sumDense(Layer.HIDDEN_WEIGHT, x, shape.width(), dh, shape.hidden(), count, part, parts);
          sumDense(Layer.OUTPUT_WEIGHT, h, shape.hidden(), p, shape.classes(), count, part, parts);
        });
    sumRows(Layer.HIDDEN_BIAS, dh, shape.hidden(), count);
    sumRows(Layer.OUTPUT_BIAS, p, shape.classes(), count);
  }

  private void sumDense(
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
    float[] gradient = gradients.get(layer);
    Arrays.fill(gradient, from * columns, to * columns, 0);
    Matrices.addTransposedProduct(gradient, from, to, left, rows, right, columns, count);
  }

  private void sumRows(Layer layer, float[] rows, int columns, int count) {
    float[] gradient = gradients.get(layer);
    Arrays.fill(gradient, 0);
    for (int n = 0; n < count; n++) {
      Matrices.addScaled(gradient, 0, columns, 1, rows, n * columns);
    }
  }

  private static int cut(int size, int part, int parts) {
    return (int) ((long) size * part / parts);
  }
}
