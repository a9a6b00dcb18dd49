package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.internal.spi.ReportSink;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Steps on a CUDA device for host parameters: copies weights and gradients to the device before
 * each step, and the weights back after it, through at most 8 MiB of pinned host memory.
 */
public final class StagedCudaBackend implements Backend {

  static final int FIRST_DEVICE = 0;

  /** A host array, which {@link #move} replaces, and its copy on the device. */
  private static final class Copy {
    /** The parameter; empty for a scalar. */
    final String owner;

    HostArray host;
    final long device;

    Copy(String owner, HostArray host, long device) {
      this.owner = owner;
      this.host = host;
      this.device = device;
    }
  }

  /** The copies of one parameter's arrays. */
  private record Copies(Copy weights, Copy gradients, Optional<Copy> model) {}

  private final CudaDriver driver;
  private final CudaStream stream = CudaStream.LEGACY;
  private List<ParameterGroup> groups;
  private final boolean ownContext;
  private final boolean stepsMayBeSkipped;
  private final DeviceArrays arrays;
  private final Staging staging;
  private final List<List<Copies>> copies = new ArrayList<>();
  private final List<Copy> inputs = new ArrayList<>();
  private final List<Copy> results = new ArrayList<>();
  private final CudaBackend backend;
  private Set<String> frozen = Set.of();
  private boolean backendClosed;

  /** Whether this made the own context current in a thread, because there was none. */
  private final ThreadLocal<Boolean> lent = ThreadLocal.withInitial(() -> false);

  /**
   * Allocates the copies and opens a {@link CudaBackend} on them.
   *
   * @param ownContext true to retain the first device's primary context; false to use the thread's
   *     current context
   */
  public StagedCudaBackend(
      CudaDriver driver,
      List<ParameterGroup> groups,
      BackendSettings settings,
      boolean ownContext) {
    this.driver = driver;
    this.groups = groups;
    this.ownContext = ownContext;
    GradientOptions options = settings.gradients();
    stepsMayBeSkipped = options.nonFinite() != NonFiniteGradients.PROPAGATE;
    if (ownContext) {
      lent.set(driver.currentContext() == 0);
      driver.retainPrimaryContext(FIRST_DEVICE);
    }
    arrays = new DeviceArrays(driver, stream);
    try {
      staging = new Staging(driver, stream, arrays, bytesOf(groups));
      List<ParameterGroup> onDevice = groups.stream().map(this::onDevice).toList();
      backend =
          new CudaBackend(driver, stream, onDevice, settings.withGradients(onDevice(options)));
    } catch (RuntimeException | Error e) {
      release(e);
      throw e;
    }
  }

  private static long bytesOf(List<ParameterGroup> groups) {
    long bytes = 0;
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        HostParameter host = (HostParameter) parameter;
        bytes += Staging.bytes(host.weights()) + Staging.bytes(host.gradients());
        bytes += host.modelCopy().map(Staging::bytes).orElse(0L);
      }
    }
    return bytes;
  }

  private ParameterGroup onDevice(ParameterGroup group) {
    List<Parameter> parameters = new ArrayList<>();
    copies.add(new ArrayList<>());
    for (Parameter parameter : group.parameters()) {
      parameters.add(onDevice((HostParameter) parameter));
    }
    return new ParameterGroup(group.name(), group.hyperparameters(), parameters);
  }

  private DeviceParameter onDevice(HostParameter host) {
    Copy weights = copy(host.weights(), Purpose.WEIGHTS, host.name());
    Copy gradients = copy(host.gradients(), Purpose.GRADIENTS, host.name());
    Optional<Copy> model = host.modelCopy().map(own -> copy(own, Purpose.MODEL_COPY, host.name()));
    copies.get(copies.size() - 1).add(new Copies(weights, gradients, model));
    if (host.hasMaster()) {
      staging.toDevice(weights.host, weights.device); // initializes the master
    } else {
      inputs.add(weights);
    }
    inputs.add(gradients);
    results.add(weights);
    model.ifPresent(results::add);
    if (stepsMayBeSkipped) {
      model.ifPresent(inputs::add); // a skipped step returns the copy unchanged
    }
    return new DeviceParameter(
        host.name(),
        array(weights),
        array(gradients),
        model.map(StagedCudaBackend::array),
        host.count());
  }

  private Copy copy(HostArray host, Purpose purpose, String owner) {
    return new Copy(
        owner, host, arrays.allocate((long) host.count() * host.type().bytes(), purpose, owner));
  }

  private static DeviceArray array(Copy copy) {
    return new DeviceArray(copy.device, copy.host.type());
  }

  private GradientOptions onDevice(GradientOptions options) {
    return new GradientOptions(
        options.maxNorm(),
        options.norm().map(norm -> onDevice(norm, "gradientNorm")),
        onDevice(options.lossScale(), "lossScale"),
        onDevice(options.divisor(), "gradientDivisor"),
        options.nonFinite());
  }

  private Scalar onDevice(Scalar scalar, String name) {
    if (!(scalar instanceof Scalar.OnHost host)) {
      return scalar;
    }
    HostArray one = HostArray.f32(host.array().floats().slice(0, 1));
    Copy copy = copy(one, Purpose.SCALAR, name);
    inputs.add(new Copy("", one, copy.device)); // no parameter's
    return new Scalar.OnDevice(array(copy));
  }

  @Override
  public void requireUsable() {
    // Callers with host parameters need not know about contexts: any thread may call.
    if (ownContext && driver.currentContext() == 0) {
      driver.makePrimaryContextCurrent(FIRST_DEVICE);
      lent.set(true);
    }
    backend.requireUsable();
  }

  @Override
  public void step(double[] learningRates, long[] steps) {
    try {
      for (Copy input : inputs) {
        if (!frozen.contains(input.owner)) {
          staging.toDevice(input.host, input.device);
        }
      }
    } catch (CudaException e) {
      throw new StepNotStarted(e);
    }
    backend.step(learningRates, steps);
    driver.synchronize(stream);
    toHost(
        () -> {
          for (Copy result : results) {
            if (!frozen.contains(result.owner)) {
              staging.toHost(result.device, result.host);
            }
          }
        });
  }

  /** Completes copies to the host. If one fails, none of them may be delivered later. */
  private void toHost(Runnable copies) {
    try {
      copies.run();
      staging.finish();
    } catch (RuntimeException e) {
      staging.forget();
      throw e;
    }
  }

  @Override
  public void prepareRates(int group, long first, double[] rates) {
    backend.prepareRates(group, first, rates);
  }

  @Override
  public void report(ReportSink sink) {
    backend.report(sink);
  }

  @Override
  public void read(int group, int parameter, StateArray array, long offset, FloatBuffer target) {
    backend.read(group, parameter, array, offset, target);
  }

  @Override
  public void write(int group, int parameter, StateArray array, long offset, FloatBuffer source) {
    int count = source.remaining();
    backend.write(group, parameter, array, offset, source);
    if (array == StateArray.MASTER) {
      HostArray model = parameter(group, parameter).weights();
      ShortBuffer part = model.halves().slice((int) offset, count);
      long from = backend.weights(group, parameter) + offset * Short.BYTES;
      HostArray target = model.type() == DType.F16 ? HostArray.f16(part) : HostArray.bf16(part);
      toHost(() -> staging.toHost(from, target));
    }
  }

  private HostParameter parameter(int group, int parameter) {
    return (HostParameter) groups.get(group).parameters().get(parameter);
  }

  @Override
  public void setSteps(long[] steps, long skipped) {
    backend.setSteps(steps, skipped);
  }

  @Override
  public void setFrozen(Set<String> names) {
    backend.setFrozen(names);
    frozen = names;
  }

  @Override
  public void accumulate(int group, int parameter, TensorArray source) {
    HostParameter p = parameter(group, parameter);
    HostArray from = (HostArray) source;
    try (DeviceArrays own = new DeviceArrays(driver, stream)) {
      long bytes = p.count() * Float.BYTES;
      long sum = own.allocate(bytes, Purpose.GRADIENTS, p.name());
      long added = own.allocate(p.count() * from.type().bytes(), Purpose.ADDED_GRADIENTS, p.name());
      staging.toDevice(p.gradients(), sum);
      staging.toDevice(from, added);
      backend.accumulate(sum, new DeviceArray(added, from.type()), p.count());
      toHost(() -> staging.toHost(sum, p.gradients()));
    }
  }

  @Override
  public void move(List<ParameterGroup> moved) {
    for (int g = 0; g < moved.size(); g++) {
      for (int p = 0; p < copies.get(g).size(); p++) {
        HostParameter parameter = (HostParameter) moved.get(g).parameters().get(p);
        Copies own = copies.get(g).get(p);
        own.weights.host = parameter.weights();
        own.gradients.host = parameter.gradients();
        own.model.ifPresent(copy -> copy.host = parameter.modelCopy().orElseThrow());
      }
    }
    groups = moved;
  }

  @Override
  public void close() {
    requireUsable();
    if (!backendClosed) {
      backend.close();
      backendClosed = true; // even if freeing fails below, a second call must not close it again
    }
    arrays.close();
    releaseContext();
  }

  /** A program that had a current context keeps it. */
  private void releaseContext() {
    if (ownContext && lent.get()) {
      driver.releasePrimaryContext(FIRST_DEVICE);
    } else if (ownContext) {
      driver.dropPrimaryContext(FIRST_DEVICE);
    }
  }

  private void release(Throwable cause) {
    Cleanup.after(cause, () -> driver.synchronize(stream), arrays::close, this::releaseContext);
  }
}
