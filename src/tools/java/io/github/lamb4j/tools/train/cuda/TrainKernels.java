package io.github.lamb4j.tools.train.cuda;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;

/** The kernels of {@code kernels/train}, enqueued on one stream. */
final class TrainKernels implements AutoCloseable {

  private static final String RESOURCE = "train.ptx";
  private static final int THREADS = 128;

  private final CUstream stream;
  private final CUmodule module = new CUmodule();
  private final CUfunction meanEmbedding;
  private final CUfunction meanGradient;
  private final CUfunction embeddingGradient;
  private final CUfunction biasAndRelu;
  private final CUfunction reluGradient;
  private final CUfunction softmaxLoss;
  private final CUfunction predict;

  /** Loads the kernels into the current context. */
  TrainKernels(CUstream stream) {
    this.stream = stream;
    cuModuleLoadData(module, ptx());
    meanEmbedding = function("mean_embedding");
    meanGradient = function("mean_gradient");
    embeddingGradient = function("embedding_gradient");
    biasAndRelu = function("bias_and_relu");
    reluGradient = function("relu_gradient");
    softmaxLoss = function("softmax_loss");
    predict = function("predict");
  }

  /** The text of the module, with the zero byte that ends it. */
  static byte[] ptx() {
    try (InputStream stream = TrainKernels.class.getResourceAsStream(RESOURCE)) {
      if (stream == null) {
        throw new IllegalStateException(
            "the kernels are not on the class path: %s is missing".formatted(RESOURCE));
      }
      byte[] text = stream.readAllBytes();
      return Arrays.copyOf(text, text.length + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE + " cannot be read", e);
    }
  }

  private CUfunction function(String name) {
    CUfunction function = new CUfunction();
    cuModuleGetFunction(function, module, name);
    return function;
  }

  void meanEmbedding(
      CUdeviceptr x,
      CUdeviceptr embedding,
      DeviceExamples examples,
      CUdeviceptr order,
      int first,
      int count,
      int width) {
    launch(
        meanEmbedding,
        count * width,
        pointer(x),
        pointer(embedding),
        pointer(examples.tokens()),
        pointer(examples.starts()),
        pointer(order),
        integer(first),
        integer(count),
        integer(width));
  }

  void meanGradient(
      CUdeviceptr dx, DeviceExamples examples, CUdeviceptr order, int first, int count, int width) {
    launch(
        meanGradient,
        count * width,
        pointer(dx),
        pointer(examples.starts()),
        pointer(order),
        integer(first),
        integer(count),
        integer(width));
  }

  void embeddingGradient(
      CUdeviceptr gradient,
      CUdeviceptr dx,
      CUdeviceptr buckets,
      CUdeviceptr starts,
      CUdeviceptr positions,
      int first,
      int rows,
      int width) {
    launch(
        embeddingGradient,
        rows * width,
        pointer(gradient),
        pointer(dx),
        pointer(buckets),
        pointer(starts),
        pointer(positions),
        integer(first),
        integer(rows),
        integer(width));
  }

  void biasAndRelu(CUdeviceptr h, CUdeviceptr bias, int count, int hidden) {
    launch(biasAndRelu, count * hidden, pointer(h), pointer(bias), integer(count), integer(hidden));
  }

  void reluGradient(CUdeviceptr dh, CUdeviceptr h, int count, int hidden) {
    launch(reluGradient, count * hidden, pointer(dh), pointer(h), integer(count), integer(hidden));
  }

  void softmaxLoss(
      CUdeviceptr logits,
      CUdeviceptr bias,
      DeviceExamples examples,
      CUdeviceptr order,
      int first,
      int count,
      int classes,
      CUdeviceptr losses) {
    launch(
        softmaxLoss,
        count,
        pointer(logits),
        pointer(bias),
        pointer(examples.labels()),
        pointer(order),
        integer(first),
        integer(count),
        integer(classes),
        pointer(losses));
  }

  void predict(
      CUdeviceptr predicted,
      CUdeviceptr logits,
      CUdeviceptr bias,
      int first,
      int count,
      int classes) {
    launch(
        predict,
        count,
        pointer(predicted),
        pointer(logits),
        pointer(bias),
        integer(first),
        integer(count),
        integer(classes));
  }

  private static Pointer pointer(CUdeviceptr value) {
    return Pointer.to(value);
  }

  private static Pointer integer(int value) {
    return Pointer.to(new int[] {value});
  }

  /** Enqueues at least this many threads. The launch copies the arguments. */
  private void launch(CUfunction function, int threads, NativePointerObject... arguments) {
    if (threads > 0) {
      int blocks = (threads + THREADS - 1) / THREADS;
      cuLaunchKernel(function, blocks, 1, 1, THREADS, 1, 1, 0, stream, Pointer.to(arguments), null);
    }
  }

  @Override
  public void close() {
    cuModuleUnload(module);
  }
}
