package io.github.lamb4j.cuda;

import io.github.lamb4j.CudaException;
import io.github.lamb4j.DType;
import io.github.lamb4j.DeviceParameter;
import io.github.lamb4j.HostParameter;
import io.github.lamb4j.Moment;
import io.github.lamb4j.Parameter;
import io.github.lamb4j.ParameterGroup;
import io.github.lamb4j.StepPath;
import io.github.lamb4j.core.Backend;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import jcuda.driver.CUstream;

/**
 * Steps on a CUDA device for host parameters: weights and gradients are copied there before each
 * step, the weights back after it.
 */
public final class HostMirror implements Backend {

  private static final int FIRST_DEVICE = 0;

  private record Copy(HostParameter host, DeviceParameter device) {}

  private final CudaDriver driver;
  private final CUstream stream = new CUstream();
  private final boolean ownContext;
  private final DeviceArrays arrays;
  private final List<Copy> copies = new ArrayList<>();
  private final CudaBackend backend;

  /**
   * Allocates the copies and what {@link CudaBackend} needs; uses the thread's current context, or
   * the first device's primary one.
   */
  public HostMirror(
      CudaDriver driver, List<ParameterGroup> groups, OptionalDouble maxGradNorm, StepPath path) {
    this.driver = driver;
    ownContext = driver.currentContext() == 0;
    if (ownContext) {
      driver.retainPrimaryContext(FIRST_DEVICE);
    }
    arrays = new DeviceArrays(driver, stream);
    try {
      backend =
          new CudaBackend(
              driver, stream, groups.stream().map(this::onDevice).toList(), maxGradNorm, path);
    } catch (RuntimeException e) {
      try {
        release();
      } catch (RuntimeException later) {
        e.addSuppressed(later);
      }
      throw e;
    }
  }

  private ParameterGroup onDevice(ParameterGroup group) {
    List<Parameter> parameters = new ArrayList<>();
    for (Parameter parameter : group.parameters()) {
      HostParameter host = (HostParameter) parameter;
      long bytes = host.count() * Float.BYTES;
      long weights = arrays.allocate(bytes, "copy of the weights of " + host.name());
      long gradients = arrays.allocate(bytes, "copy of the gradients of " + host.name());
      DeviceParameter device =
          new DeviceParameter(host.name(), weights, gradients, host.count(), DType.F32);
      copies.add(new Copy(host, device));
      parameters.add(device);
    }
    return new ParameterGroup(group.name(), group.hyperparameters(), parameters);
  }

  @Override
  public void requireUsable() {
    // The caller of a host optimizer need know nothing of contexts: any thread will do.
    if (ownContext && driver.currentContext() == 0) {
      driver.makePrimaryContextCurrent(FIRST_DEVICE);
    }
    backend.requireUsable();
  }

  @Override
  public void step(double[] learningRates) {
    try {
      for (Copy copy : copies) {
        Transfers.toDevice(driver, stream, copy.host.weights(), copy.device.weights());
        Transfers.toDevice(driver, stream, copy.host.gradients(), copy.device.gradients());
      }
    } catch (CudaException e) {
      throw new StepNotStarted(e);
    }
    backend.step(learningRates);
    driver.synchronize(stream);
    for (Copy copy : copies) {
      Transfers.toHost(driver, stream, copy.device.weights(), copy.host.weights());
    }
  }

  @Override
  public SegmentNorms[] norms() {
    return backend.norms();
  }

  @Override
  public double gradientNorm() {
    return backend.gradientNorm();
  }

  @Override
  public void readMoment(int group, int parameter, Moment moment, long offset, FloatBuffer target) {
    backend.readMoment(group, parameter, moment, offset, target);
  }

  @Override
  public void writeMoment(
      int group, int parameter, Moment moment, long offset, FloatBuffer source) {
    backend.writeMoment(group, parameter, moment, offset, source);
  }

  @Override
  public void setStep(long step) {
    backend.setStep(step);
  }

  @Override
  public void close() {
    requireUsable();
    backend.close();
    release();
  }

  private void release() {
    arrays.close();
    if (ownContext) {
      driver.releasePrimaryContext(FIRST_DEVICE);
    }
  }
}
