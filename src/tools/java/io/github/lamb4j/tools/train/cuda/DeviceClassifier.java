package io.github.lamb4j.tools.train.cuda;

import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.schedule.Schedule;
import io.github.lamb4j.tools.train.Classifier;
import io.github.lamb4j.tools.train.Examples;
import io.github.lamb4j.tools.train.Layer;
import io.github.lamb4j.tools.train.ModelShape;
import io.github.lamb4j.tools.train.Stepper;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;

/**
 * The classifier on a CUDA device. A step only enqueues work on the stream: nothing is copied to
 * the host, and the host waits once per epoch, for the losses and the predictions.
 *
 * <p>The dense layers are cuBLAS calls, whose sums have an order of their own: results agree with
 * {@code HostClassifier} up to rounding. Everything else has the order of the CPU.
 */
final class DeviceClassifier implements Classifier {

  /** A parameter's values and the gradient of the batch's mean loss with respect to them. */
  private record Tensor(CUdeviceptr values, CUdeviceptr gradient) {}

  private final ModelShape shape;
  private final int batchSize;
  private final Examples.Split data;
  private final CUstream stream;
  private final Dense dense;
  private final TrainKernels kernels;

  private final DeviceMemory memory = new DeviceMemory();
  private final Map<Layer, Tensor> layers = new EnumMap<>(Layer.class);
  private final DeviceExamples train;
  private final DeviceExamples heldOut;
  private final CUdeviceptr heldOutOrder;
  private final CUdeviceptr predicted;

  // The activations of a batch, one row per example, and the gradients with respect to them. The
  // gradient of the logits replaces the logits.
  private final CUdeviceptr x;
  private final CUdeviceptr h;
  private final CUdeviceptr p;
  private final CUdeviceptr dx;
  private final CUdeviceptr dh;
  private final CUdeviceptr ones;

  // An epoch: its order, where each bucket occurs in each batch, and the loss of each example.
  private final CUdeviceptr order;
  private final CUdeviceptr buckets;
  private final CUdeviceptr starts;
  private final CUdeviceptr positions;
  private final CUdeviceptr losses;
  private BatchIndex index;
  private int differentiated;

  /** Allocates everything in the current context. */
  DeviceClassifier(
      ModelShape shape,
      int batchSize,
      long seed,
      Examples.Split data,
      CUstream stream,
      Dense dense,
      TrainKernels kernels) {
    this.shape = shape;
    this.batchSize = batchSize;
    this.data = data;
    this.stream = stream;
    this.dense = dense;
    this.kernels = kernels;
    try {
      Layer.initialValues(shape, seed)
          .forEach(
              (layer, values) ->
                  layers.put(
                      layer, new Tensor(memory.copyOf(values), memory.floats(values.length))));
      train = DeviceExamples.of(data.train(), memory);
      heldOut = DeviceExamples.of(data.heldOut(), memory);
      heldOutOrder = memory.copyOf(IntStream.range(0, data.heldOut().size()).toArray());
      predicted = memory.ints(data.heldOut().size());
      x = memory.floats((long) batchSize * shape.width());
      h = memory.floats((long) batchSize * shape.hidden());
      p = memory.floats((long) batchSize * shape.classes());
      dx = memory.floats((long) batchSize * shape.width());
      dh = memory.floats((long) batchSize * shape.hidden());
      ones = memory.copyOf(ones(batchSize));
      int occurrences = Arrays.stream(data.train().tokens()).mapToInt(t -> t.length).sum();
      order = memory.ints(data.train().size());
      buckets = memory.ints(occurrences);
      starts = memory.ints(occurrences + 1L);
      positions = memory.ints(occurrences);
      losses = memory.allocate((long) data.train().size() * Sizeof.DOUBLE);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  private static float[] ones(int count) {
    float[] ones = new float[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  @Override
  public LambBuilder optimizer(Hyperparameters weights, Hyperparameters biases) {
    return Lamb.onCuda(stream)
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
    Map<Layer, CUdeviceptr> velocities = new EnumMap<>(Layer.class);
    for (Layer layer : Layer.values()) {
      velocities.put(layer, memory.copyOf(new float[layer.size(shape)]));
    }
    return new Stepper() {
      private long steps;

      @Override
      public void step() {
        steps++;
        double rate = schedule.at(steps);
        velocities.forEach((layer, velocity) -> move(layer, velocity, momentum, rate));
      }

      @Override
      public void addMicroBatch() {
        throw new UnsupportedOperationException("SGD takes a batch whole");
      }
    };
  }

  private void move(Layer layer, CUdeviceptr velocity, double momentum, double rate) {
    int count = layer.size(shape);
    dense.addScaled(velocity, (float) momentum, 1, gradient(layer), ones, count);
    dense.addScaled(weight(layer), 1, (float) -rate, velocity, ones, count);
  }

  private Parameter parameter(Layer layer) {
    return Parameter.onDevice(layer.label(), weight(layer), gradient(layer), layer.size(shape));
  }

  private CUdeviceptr weight(Layer layer) {
    return layers.get(layer).values();
  }

  private CUdeviceptr gradient(Layer layer) {
    return layers.get(layer).gradient();
  }

  @Override
  public void startEpoch(int[] newOrder) {
    index = new BatchIndex(data.train().tokens(), newOrder, batchSize, shape.buckets());
    DeviceMemory.write(order, newOrder, newOrder.length);
    DeviceMemory.write(buckets, index.buckets, index.rowCount());
    DeviceMemory.write(starts, index.starts, index.rowCount() + 1);
    DeviceMemory.write(positions, index.positions, index.positions.length);
    differentiated = 0;
  }

  @Override
  public OptionalDouble differentiate(int from, int to, int batchExamples) {
    int count = to - from;
    if (count != batchExamples) {
      throw new IllegalArgumentException(
          "%d of %d examples: the batch must be differentiated whole"
              .formatted(count, batchExamples));
    }
    forward(train, order, from, count);
    kernels.softmaxLoss(
        p, weight(Layer.OUTPUT_BIAS), train, order, from, count, shape.classes(), losses);
    backward(from, count);
    differentiated = to;
    return OptionalDouble.empty();
  }

  /** Leaves the logits in {@link #p}, except for their bias. */
  private void forward(DeviceExamples examples, CUdeviceptr places, int from, int count) {
    int width = shape.width();
    int hidden = shape.hidden();
    kernels.meanEmbedding(x, weight(Layer.EMBEDDING), examples, places, from, count, width);
    dense.product(h, x, weight(Layer.HIDDEN_WEIGHT), count, width, hidden);
    kernels.biasAndRelu(h, weight(Layer.HIDDEN_BIAS), count, hidden);
    dense.product(p, h, weight(Layer.OUTPUT_WEIGHT), count, hidden, shape.classes());
  }

  private void backward(int from, int count) {
    int width = shape.width();
    int hidden = shape.hidden();
    int classes = shape.classes();
    dense.transposedProduct(gradient(Layer.OUTPUT_WEIGHT), h, p, hidden, count, classes);
    dense.columnSums(gradient(Layer.OUTPUT_BIAS), p, ones, count, classes);
    dense.productWithTransposed(dh, p, weight(Layer.OUTPUT_WEIGHT), count, classes, hidden);
    kernels.reluGradient(dh, h, count, hidden);
    dense.transposedProduct(gradient(Layer.HIDDEN_WEIGHT), x, dh, width, count, hidden);
    dense.columnSums(gradient(Layer.HIDDEN_BIAS), dh, ones, count, hidden);
    dense.productWithTransposed(dx, dh, weight(Layer.HIDDEN_WEIGHT), count, hidden, width);
    kernels.meanGradient(dx, train, order, from, count, width);
    CUdeviceptr embedding = gradient(Layer.EMBEDDING);
    cuMemsetD8Async(embedding, (byte) 0, (long) Layer.EMBEDDING.size(shape) * Sizeof.FLOAT, stream);
    kernels.embeddingGradient(
        embedding, dx, buckets, starts, positions, index.firstRow(from), index.rows(from), width);
  }

  @Override
  public double epochLoss() {
    double[] values = new double[differentiated];
    copyToHost(Pointer.to(values), losses, (long) values.length * Sizeof.DOUBLE);
    return sumByBatch(values, batchSize);
  }

  /** In the order of the CPU: the losses of each batch, then the sums of the batches. */
  static double sumByBatch(double[] values, int batchSize) {
    double sum = 0;
    for (int from = 0; from < values.length; from += batchSize) {
      double batch = 0;
      for (int n = from; n < Math.min(values.length, from + batchSize); n++) {
        batch += values[n];
      }
      sum += batch;
    }
    return sum;
  }

  @Override
  public int[] predictHeldOut() {
    int[] result = new int[data.heldOut().size()];
    for (int from = 0; from < result.length; from += batchSize) {
      int count = Math.min(batchSize, result.length - from);
      forward(heldOut, heldOutOrder, from, count);
      kernels.predict(predicted, p, weight(Layer.OUTPUT_BIAS), from, count, shape.classes());
    }
    copyToHost(Pointer.to(result), predicted, (long) result.length * Sizeof.INT);
    return result;
  }

  @Override
  public float[] values(Layer layer) {
    float[] values = new float[layer.size(shape)];
    copyToHost(Pointer.to(values), weight(layer), (long) values.length * Sizeof.FLOAT);
    return values;
  }

  /** Waits for the stream first. */
  private void copyToHost(Pointer target, CUdeviceptr source, long bytes) {
    cuStreamSynchronize(stream);
    if (bytes > 0) {
      cuMemcpyDtoH(target, source, bytes);
    }
  }

  /** Waits for the stream first, so that no kernel uses freed memory. */
  @Override
  public void close() {
    cuStreamSynchronize(stream);
    memory.close();
  }
}
