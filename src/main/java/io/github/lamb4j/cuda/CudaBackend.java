package io.github.lamb4j.cuda;

import static io.github.lamb4j.cuda.CudaDriver.DeviceAttribute.MULTIPROCESSORS;

import io.github.lamb4j.CudaException;
import io.github.lamb4j.Moment;
import io.github.lamb4j.ParameterGroup;
import io.github.lamb4j.StepPath;
import io.github.lamb4j.core.Backend;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import jcuda.driver.CUstream;

/** Steps on a CUDA device, in the caller's context, on the caller's stream and pointers. */
public final class CudaBackend implements Backend {

  private final CudaDriver driver;
  private final CUstream stream;
  private final long context;
  private final DeviceArrays arrays;
  private final long module;
  private final List<CudaGroup> groups = new ArrayList<>();
  private final boolean clipping;
  private final long gradientScale;
  private final CudaDriver.Launch gradientScaleLaunch;

  /**
   * Loads the kernels and allocates tables and moments, all zero.
   *
   * @param groups of device parameters
   * @param path one pass, two, or whichever suits the device
   * @param maxGradNorm clips the gradients to this norm; empty for no clipping
   * @throws IllegalStateException if the thread has no current context, or device or driver are too
   *     old
   * @throws CudaException if a driver call fails; what was allocated is freed
   */
  public CudaBackend(
      CudaDriver driver,
      CUstream stream,
      List<ParameterGroup> groups,
      OptionalDouble maxGradNorm,
      StepPath path) {
    this.driver = driver;
    this.stream = stream;
    context = driver.currentContext();
    if (context == 0) {
      throw new IllegalStateException(
          "this thread has no current CUDA context: call cuCtxSetCurrent with the stream's context first");
    }
    DeviceChecks.requireCapable(driver);
    DeviceChecks.requireMapped(driver, groups);
    DeviceChecks.requireMemory(driver, groups);
    arrays = new DeviceArrays(driver, stream);
    module = driver.loadModule(Kernels.ptx());
    try {
      Window window = Window.of(driver);
      Launcher launcher =
          new Launcher(driver, stream, module, driver.attribute(MULTIPROCESSORS), window);
      clipping = maxGradNorm.isPresent();
      int segments = groups.stream().mapToInt(g -> g.parameters().size()).sum();
      long sums = clipping ? arrays.allocate((long) segments * Double.BYTES, "gradient sums") : 0;
      gradientScale = clipping ? arrays.allocate(CudaLayout.GRADIENT_SCALE, "gradient scale") : 0;
      int first = 0;
      for (ParameterGroup group : groups) {
        this.groups.add(
            new CudaGroup(
                launcher,
                arrays,
                group,
                clipping ? sums + (long) first * Double.BYTES : 0,
                gradientScale,
                path));
        first += group.parameters().size();
      }
      gradientScaleLaunch =
          launcher.prepare(
              LaunchPolicy.GRADIENT_SCALE,
              1,
              CudaLayout.buffer(Long.BYTES).putLong(0, sums),
              CudaLayout.buffer(Integer.BYTES).putInt(0, segments),
              CudaLayout.buffer(Double.BYTES).putDouble(0, maxGradNorm.orElse(0)),
              CudaLayout.buffer(Long.BYTES).putLong(0, gradientScale));
    } catch (RuntimeException e) {
      release(e);
      throw e;
    }
  }

  @Override
  public void requireUsable() {
    long current = driver.currentContext();
    if (current != context) {
      throw new IllegalStateException(
          (current == 0
                  ? "this thread has no current CUDA context"
                  : "this thread's current CUDA context is another")
              + ": call cuCtxSetCurrent with the context in which the optimizer was built");
    }
  }

  @Override
  public void step(double[] learningRates) {
    try {
      if (clipping) {
        for (int i = 0; i < groups.size(); i++) {
          groups.get(i).sumGradients();
        }
        gradientScaleLaunch.enqueue(stream);
      }
    } catch (CudaException e) {
      throw new StepNotStarted(e);
    }
    for (int i = 0; i < groups.size(); i++) {
      groups.get(i).step(learningRates[i]);
    }
  }

  @Override
  public SegmentNorms[] norms() {
    List<SegmentNorms> result = new ArrayList<>();
    for (CudaGroup group : groups) {
      ByteBuffer table = group.readNorms();
      for (int s = 0; s < group.segmentCount; s++) {
        result.add(CudaLayout.getSegmentNorms(table));
      }
    }
    return result.toArray(SegmentNorms[]::new);
  }

  @Override
  public double gradientNorm() {
    ByteBuffer scale = CudaLayout.buffer(CudaLayout.GRADIENT_SCALE);
    driver.copyToHost(scale, gradientScale, stream);
    return scale.getDouble(0);
  }

  @Override
  public void readMoment(int group, int parameter, Moment moment, long offset, FloatBuffer target) {
    Transfers.toHost(driver, stream, groups.get(group).moment(parameter, moment, offset), target);
  }

  @Override
  public void writeMoment(
      int group, int parameter, Moment moment, long offset, FloatBuffer source) {
    Transfers.toDevice(driver, stream, source, groups.get(group).moment(parameter, moment, offset));
  }

  @Override
  public void setStep(long step) {
    groups.forEach(group -> group.setStep(step));
  }

  /** Waits for the stream, so that no kernel runs on freed memory, then frees what is ours. */
  @Override
  public void close() {
    requireUsable();
    driver.synchronize(stream);
    arrays.close();
    driver.unloadModule(module);
  }

  private void release(RuntimeException cause) {
    try {
      close();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }
}
