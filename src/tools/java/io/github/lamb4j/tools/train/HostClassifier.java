package io.github.lamb4j.tools.train;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.schedule.Schedule;
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
  private final float[][] x;
  private final float[][] h;
  private final float[][] p;
  private final float[][] dx;
  private final float[][] dh;
  private final double[] losses;

  private final DenseLayer hidden;
  private final DenseLayer output;

  private int[] order;
  private double epochLoss;

  HostClassifier(
      ModelShape shape, int batchSize, long seed, Examples.Split data, ForkJoinPool workers) {
    this.shape = shape;
    this.data = data;
    this.workers = workers;
    values = Layer.initialValues(shape, seed);
    values.forEach((layer, array) -> gradients.put(layer, new float[array.length]));
    x = new float[batchSize][shape.width()];
    h = new float[batchSize][shape.hidden()];
    p = new float[batchSize][shape.classes()];
    dx = new float[batchSize][shape.width()];
    dh = new float[batchSize][shape.hidden()];
    losses = new double[batchSize];
    hidden = dense(Layer.HIDDEN_WEIGHT, Layer.HIDDEN_BIAS);
    output = dense(Layer.OUTPUT_WEIGHT, Layer.OUTPUT_BIAS);
  }

  private DenseLayer dense(Layer weights, Layer bias) {
    return new DenseLayer(
        values.get(weights), values.get(bias), gradients.get(weights), gradients.get(bias));
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
    loadWeights();
    forEachExample(
        labels.length,
        n -> {
          forward(n, tokens[n]);
          losses[n] = HostKernels.softmaxLoss(p[n], labels[n], batchExamples);
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

  private void loadWeights() {
    hidden.load();
    output.load();
  }

  @Override
  public double epochLoss() {
    return epochLoss;
  }

  @Override
  public int[] predictHeldOut() {
    int[][] tokens = data.heldOut().tokens();
    int[] predicted = new int[tokens.length];
    loadWeights();
    int batchSize = losses.length;
    for (int start = 0; start < predicted.length; start += batchSize) {
      int first = start;
      forEachExample(
          Math.min(batchSize, predicted.length - first),
          n -> {
            forward(n, tokens[first + n]);
            predicted[first + n] = HostKernels.largest(p[n]);
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
    HostKernels.meanEmbedding(x[n], values.get(Layer.EMBEDDING), tokens);
    hidden.forward(h[n], x[n]);
    HostKernels.relu(h[n]);
    output.forward(p[n], h[n]);
  }

  // From the gradient of the logits to those of the hidden layer before max(0, .) and of one token.
  private void backward(int n, int[] tokens) {
    output.backward(dh[n], p[n]);
    HostKernels.reluGradient(dh[n], h[n]);
    hidden.backward(dx[n], dh[n]);
    HostKernels.meanGradient(dx[n], tokens);
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
          sumWeightGradient(hidden, x, dh, count, part, parts);
          sumWeightGradient(output, h, p, count, part, parts);
        });
    hidden.sumBiasGradient(dh, count);
    output.sumBiasGradient(p, count);
  }

  private static void sumWeightGradient(
      DenseLayer layer, float[][] in, float[][] outGradient, int count, int part, int parts) {
    int from = cut(layer.inputs(), part, parts);
    int to = cut(layer.inputs(), part + 1, parts);
    layer.sumWeightGradient(in, outGradient, count, from, to);
  }

  private static int cut(int size, int part, int parts) {
    return (int) ((long) size * part / parts);
  }
}
