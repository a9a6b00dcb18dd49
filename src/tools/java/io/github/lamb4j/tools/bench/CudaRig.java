package io.github.lamb4j.tools.bench;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceAttribute;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A model in the memory of a CUDA device. All contenders use the same weights, gradients and
 * moments on one stream, and are timed by events.
 *
 * <p>An untimed copy precedes each timed step. It keeps the device busy while the host enqueues the
 * step, so that the time contains no launch latency, and leaves the same cache contents to every
 * contender.
 */
final class CudaRig implements Rig {

  private static final int RANDOM_BYTES = 16 << 20;
  private static final int OPTIMIZERS = 3;
  private static final long WEIGHTS_SEED = 1;

  /** The alignment of tensors by common allocators, in bytes. */
  private static final long ALIGNMENT = 256;

  /** The alignment of moments, in elements. */
  private static final int MOMENT_ALIGNMENT = 4;

  private static final int BYTES_PER_TILE = 24;
  private static final int BYTES_PER_TENSOR = 128;

  /** Memory of kernels, learning rates and cuBLAS. */
  private static final long OTHER_BYTES = 256L << 20;

  private final ModelShapes model;
  private final BenchSettings settings;
  private final BenchDriver driver;
  private final CudaStream stream = CudaStream.LEGACY;
  private final Deque<Runnable> cleanup = new ArrayDeque<>();
  private final List<Contender> contenders = new ArrayList<>();
  private final Map<String, String> skipped = new LinkedHashMap<>();
  private final List<CudaStep> steps = new ArrayList<>();
  private long weights;
  private final long copyBytes;
  private final long copySource;
  private final long copyTarget;
  private final long[] events;

  /** The device memory that the model needs, and that the current context's device has free. */
  static MemoryNeed need(ModelShapes model, CudaDriver driver) {
    long copies = 2 * copyBytes(model, driver);
    long bytes = copies + model.largest() * Float.BYTES + OTHER_BYTES;
    for (TensorShape tensor : model.tensors()) {
      long tables = BYTES_PER_TENSOR + BYTES_PER_TILE * Tiling.tiles(tensor.count());
      long moments = aligned(tensor.count(), MOMENT_ALIGNMENT) * Float.BYTES;
      bytes += 2 * bytesOf(tensor) + 2 * moments + OPTIMIZERS * tables;
    }
    return new MemoryNeed(bytes, driver.memory().free(), "device memory");
  }

  private static long copyBytes(ModelShapes model, CudaDriver driver) {
    return MemoryNeed.copyBytes(model.parameters(), driver.attribute(DeviceAttribute.L2_CACHE));
  }

  private static long bytesOf(TensorShape tensor) {
    return aligned(tensor.count() * Float.BYTES, ALIGNMENT);
  }

  private long modelBytes() {
    return model.tensors().stream().mapToLong(CudaRig::bytesOf).sum();
  }

  private static long aligned(long value, long alignment) {
    return (value + alignment - 1) / alignment * alignment;
  }

  /**
   * Allocates and fills all arrays, in the calling thread's current context.
   *
   * @param blas initializes cuBLAS, or throws an {@link IllegalStateException} with the reason
   * @throws IllegalStateException if the model does not fit; nothing is allocated then
   */
  CudaRig(ModelShapes model, BenchSettings settings, CudaDriver device, Supplier<Blas> blas) {
    MemoryNeed need = need(model, device);
    if (!need.fits()) {
      throw need.refusal(model);
    }
    this.model = model;
    this.settings = settings;
    driver = new BenchDriver(device);
    cleanup.push(driver::close);
    try {
      copyBytes = copyBytes(model, device);
      copySource = random(3, copyBytes, 1, Purpose.OTHER, "copy source");
      copyTarget = random(4, copyBytes, 1, Purpose.OTHER, "copy target");
      contenders.add(new Copy());
      addOptimizers(blas);
      events = new long[2 * contenders.size()];
      for (int i = 0; i < events.length; i++) {
        long event = driver.createEvent();
        events[i] = event;
        cleanup.push(() -> driver.destroyEvent(event));
      }
    } catch (RuntimeException e) {
      try {
        close();
      } catch (RuntimeException afterwards) {
        e.addSuppressed(afterwards);
      }
      throw e;
    }
  }

  private void addOptimizers(Supplier<Blas> blas) {
    long bytes = modelBytes();
    weights = random(WEIGHTS_SEED, bytes, RandomValues.WEIGHTS, Purpose.WEIGHTS, model.name());
    long gradients = random(2, bytes, RandomValues.GRADIENTS, Purpose.GRADIENTS, model.name());
    List<Parameter> parameters = new ArrayList<>();
    long offset = 0;
    for (TensorShape tensor : model.tensors()) {
      parameters.add(
          Parameter.onDevice(
              tensor.name(),
              new DeviceArray(weights + offset, DType.F32),
              new DeviceArray(gradients + offset, DType.F32),
              tensor.count()));
      offset += bytesOf(tensor);
    }
    Hyperparameters lamb = Hyperparameters.lamb(settings.rate());
    addStep(Contender.ADAMW, Hyperparameters.adamW(settings.rate()), parameters, StepPath.AUTO);
    if (settings.path() != StepPath.TWO_PASS) {
      addStep(Contender.SINGLE_PASS, lamb, parameters, StepPath.SINGLE_PASS);
    }
    if (settings.path() != StepPath.SINGLE_PASS) {
      addStep(Contender.TWO_PASS, lamb, parameters, StepPath.TWO_PASS);
    }
    addTextbook(blas, parameters);
  }

  private void addStep(
      String name, Hyperparameters base, List<Parameter> parameters, StepPath path) {
    List<ParameterGroup> groups = model.groups(base, parameters);
    CudaStep step = new CudaStep(name, driver, stream, groups, path, settings);
    cleanup.push(step::close);
    if (name.equals(Contender.SINGLE_PASS) && !step.takesSinglePass()) {
      skipped.put(name, "shared memory of the device is too small for one tile");
    } else {
      contenders.add(step);
      steps.add(step);
    }
  }

  private void addTextbook(Supplier<Blas> blas, List<Parameter> parameters) {
    if (model.largest() > Integer.MAX_VALUE) {
      skipped.put(TextbookLamb.NAME, "a tensor exceeds the maximum vector length of cuBLAS");
      return;
    }
    Blas started;
    try {
      started = blas.get();
    } catch (IllegalStateException e) {
      skipped.put(TextbookLamb.NAME, e.getMessage());
      return;
    }
    cleanup.push(started::close);
    long scratch = random(5, model.largest() * Float.BYTES, 1, Purpose.OTHER, "cuBLAS scratch");
    contenders.add(new TextbookLamb(started, tensors(parameters), scratch, settings));
  }

  private List<TextbookLamb.Tensor> tensors(List<Parameter> parameters) {
    TextbookLamb.Tensor[] tensors = new TextbookLamb.Tensor[parameters.size()];
    model
        .kinds()
        .forEach(
            (kind, members) -> {
              long offset = 0;
              for (int i : members) {
                DeviceParameter p = (DeviceParameter) parameters.get(i);
                tensors[i] =
                    new TextbookLamb.Tensor(
                        model.tensors().get(i),
                        p.weights().address(),
                        p.gradients().address(),
                        driver.firstMoments(kind.label()) + offset,
                        driver.secondMoments(kind.label()) + offset);
                offset += aligned(p.count(), MOMENT_ALIGNMENT) * Float.BYTES;
              }
            });
    return List.of(tensors);
  }

  /** Allocates device memory and fills it with a repeated block of random values. */
  private long random(long seed, long bytes, float scale, Purpose purpose, String owner) {
    long address = driver.allocate(bytes, purpose, owner);
    cleanup.push(() -> driver.free(address));
    fill(address, seed, bytes, scale);
    return address;
  }

  private void fill(long address, long seed, long bytes, float scale) {
    int block = (int) Math.min(RANDOM_BYTES, bytes);
    ByteBuffer values = ByteBuffer.allocateDirect(block).order(ByteOrder.nativeOrder());
    values.asFloatBuffer().put(RandomValues.of(seed, block / Float.BYTES, scale));
    driver.copyToDevice(address, values, stream);
    for (long at = block; at < bytes; at += block) {
      driver.copyOnDevice(address + at, address, Math.min(block, bytes - at), stream);
    }
  }

  private final class Copy implements Contender {
    @Override
    public String name() {
      return COPY;
    }

    @Override
    public void step() {
      driver.copyOnDevice(copyTarget, copySource, copyBytes, stream);
    }

    @Override
    public Cost countedStep() {
      step();
      long elements = copyBytes / Float.BYTES;
      return new Cost(elements, Traffic.copy(elements), 1);
    }
  }

  @Override
  public List<Contender> contenders() {
    return List.copyOf(contenders);
  }

  @Override
  public Map<String, String> skipped() {
    return skipped;
  }

  /** Every optimizer starts from the same weights and from moments of zero. */
  @Override
  public Optional<String> check() {
    if (!settings.check()) {
      return Optional.of("not compared with the CPU: --no-check");
    }
    if (model.largest() > Integer.MAX_VALUE - 8) {
      return Optional.of("not compared with the CPU: a tensor exceeds a Java array");
    }
    MemoryNeed need = BitCheck.need(model);
    if (!need.fits()) {
      return Optional.of("not compared with the CPU: its steps need " + need.inWords());
    }
    for (CudaStep step : steps) {
      fill(weights, WEIGHTS_SEED, modelBytes(), RandomValues.WEIGHTS);
      driver.clearMoments(stream);
      try (BitCheck check = new BitCheck(driver, stream, step, settings)) {
        check.run();
      }
    }
    return Optional.of(
        "the first %d steps gave the CPU's bits: weights, moments and norms of %s"
            .formatted(
                BitCheck.STEPS,
                steps.stream().map(CudaStep::name).collect(Collectors.joining(", "))));
  }

  /** Two transfers per clock, as of all memory on GPUs. */
  @Override
  public double theoreticalGigabytesPerSecond() {
    double hertz = 1e3 * driver.attribute(DeviceAttribute.MEMORY_CLOCK);
    return 2 * hertz * driver.attribute(DeviceAttribute.MEMORY_BUS_WIDTH) / Byte.SIZE / 1e9;
  }

  @Override
  public double[] time(List<Contender> order) {
    for (int i = 0; i < order.size(); i++) {
      driver.copyOnDevice(copyTarget, copySource, copyBytes, stream);
      driver.recordEvent(events[2 * i], stream);
      order.get(i).step();
      driver.recordEvent(events[2 * i + 1], stream);
    }
    double[] millis = new double[order.size()];
    for (int i = 0; i < millis.length; i++) {
      millis[i] = driver.elapsedMillis(events[2 * i], events[2 * i + 1]);
    }
    return millis;
  }

  @Override
  public int warmup() {
    return 5;
  }

  @Override
  public long workingSetBytes() {
    return 4 * Float.BYTES * model.parameters();
  }

  @Override
  public long lastCacheBytes() {
    return driver.attribute(DeviceAttribute.L2_CACHE);
  }

  /** Waits for the stream, so that no kernel uses freed memory, then frees everything. */
  @Override
  public void close() {
    driver.synchronize(stream);
    while (!cleanup.isEmpty()) {
      cleanup.pop().run();
    }
  }
}
