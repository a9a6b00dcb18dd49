package io.github.lamb4j.tools.train.cuda;

import static jcuda.driver.CUstream_flags.CU_STREAM_DEFAULT;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;

import io.github.lamb4j.tools.train.Classifier;
import io.github.lamb4j.tools.train.Examples;
import io.github.lamb4j.tools.train.ModelShape;
import io.github.lamb4j.tools.train.TrainingBackend;
import java.util.ArrayDeque;
import java.util.Deque;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * Trains on the first CUDA device, in its primary context and on one stream. Only the thread that
 * created it may use it, because the context is current on that thread.
 */
public final class CudaTraining implements TrainingBackend {

  private final Deque<Runnable> cleanup = new ArrayDeque<>();
  private final CUstream stream = new CUstream();
  private final Dense dense;
  private final TrainKernels kernels;

  /**
   * Opens the device, which must be usable, and cuBLAS.
   *
   * @throws IllegalStateException if cuBLAS is missing or cannot be initialized; the message gives
   *     the remedy
   */
  public CudaTraining() {
    // Errors of JCuda's calls become exceptions, in the whole process. The optimizer accepts both.
    JCudaDriver.setExceptionsEnabled(true);
    try {
      openContext();
      cuStreamCreate(stream, CU_STREAM_DEFAULT);
      cleanup.push(() -> cuStreamDestroy(stream));
      dense = new Dense(stream);
      cleanup.push(dense::close);
      kernels = new TrainKernels(stream);
      cleanup.push(kernels::close);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void openContext() {
    CUdevice device = new CUdevice();
    CUcontext context = new CUcontext();
    cuInit(0);
    cuDeviceGet(device, 0);
    cuDevicePrimaryCtxRetain(context, device);
    cleanup.push(() -> cuDevicePrimaryCtxRelease(device));
    cuCtxSetCurrent(context);
    cleanup.push(() -> cuCtxSetCurrent(new CUcontext()));
  }

  @Override
  public String name() {
    return "cuda";
  }

  /** The version of cuBLAS, such as 12.6.4. */
  public String cublasVersion() {
    return dense.version();
  }

  @Override
  public Classifier classifier(ModelShape shape, int batchSize, long seed, Examples.Split data) {
    return new DeviceClassifier(shape, batchSize, seed, data, stream, dense, kernels);
  }

  @Override
  public void close() {
    while (!cleanup.isEmpty()) {
      cleanup.pop().run();
    }
  }
}
