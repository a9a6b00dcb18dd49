package io.github.lamb4j.tools.bench;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A model on the Java heap, stepped by the CPU backend: the copy, AdamW and LAMB. The optimizers
 * share weights and gradients and have moments of their own.
 */
final class CpuRig implements Rig {

  private static final int OPTIMIZERS = 2;
  private static final double WARMUP_SECONDS = 3;
  private static final int RANDOM_BLOCK = 1 << 22;

  /** The tables per tile and per tensor, rounded up. */
  private static final int BYTES_PER_TILE = 32;

  private static final int BYTES_PER_TENSOR = 512;
  private static final long OTHER_BYTES = 16L << 20;

  private final ModelShapes model;
  private final long lastCache;
  private final HostCopy copy;
  private final List<Contender> contenders;
  private final List<Lamb> optimizers = new ArrayList<>();

  /**
   * The Java heap that the model needs, and that is available.
   *
   * @throws IllegalArgumentException if a tensor exceeds the maximum length of a Java array
   */
  static MemoryNeed need(ModelShapes model, long lastCache) {
    requireIndexable(model);
    long bytes = 2 * MemoryNeed.copyBytes(model.parameters(), lastCache) + OTHER_BYTES;
    for (TensorShape tensor : model.tensors()) {
      long tables = BYTES_PER_TENSOR + BYTES_PER_TILE * Tiling.tiles(tensor.count());
      bytes += tensor.count() * Float.BYTES * (2 + 2 * OPTIMIZERS) + OPTIMIZERS * tables;
    }
    return new MemoryNeed(bytes, availableHeap(), "Java heap");
  }

  /**
   * The free part of the largest generation, where long-lived objects end up. Garbage counts as
   * used until it is collected.
   */
  static long availableHeap() {
    System.gc();
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .map(MemoryPoolMXBean::getUsage)
        .mapToLong(usage -> usage.getMax() - usage.getUsed())
        .max()
        .orElse(0);
  }

  /**
   * Allocates and fills all arrays.
   *
   * @throws IllegalArgumentException if only the single pass is requested
   * @throws IllegalStateException if the model does not fit; nothing is allocated then
   */
  CpuRig(ModelShapes model, BenchSettings settings, long lastCache) {
    requireTwoPasses(settings);
    MemoryNeed need = need(model, lastCache);
    if (!need.fits()) {
      throw need.refusal(model);
    }
    this.model = model;
    this.lastCache = lastCache;
    try {
      List<Parameter> parameters = parameters(model);
      int copied = (int) (MemoryNeed.copyBytes(model.parameters(), lastCache) / Float.BYTES);
      float[] source = new float[copied];
      fill(source, RandomValues.of(3, RANDOM_BLOCK, 1));
      copy = new HostCopy(source, settings.threads());
      contenders =
          List.of(
              copy,
              optimizer(
                  Contender.ADAMW, Hyperparameters.adamW(settings.rate()), settings, parameters),
              optimizer(
                  Contender.LAMB, Hyperparameters.lamb(settings.rate()), settings, parameters));
    } catch (OutOfMemoryError e) {
      throw need.refusal(model);
    }
  }

  /** Rejects settings that only time the single pass. */
  static void requireTwoPasses(BenchSettings settings) {
    if (settings.path() == StepPath.SINGLE_PASS) {
      throw new IllegalArgumentException(
          "path single-pass: the CPU backend always takes two passes; omit the path");
    }
  }

  private static void requireIndexable(ModelShapes model) {
    for (TensorShape tensor : model.tensors()) {
      if (tensor.count() > Integer.MAX_VALUE - 8) {
        throw new IllegalArgumentException(
            "tensor %s: %d elements exceed the maximum length of a Java array; use --backend cuda"
                .formatted(tensor.name(), tensor.count()));
      }
    }
  }

  /** Random weights and gradients, the same in every process. */
  static List<Parameter> parameters(ModelShapes model) {
    float[] weightBlock = RandomValues.of(1, RANDOM_BLOCK, RandomValues.WEIGHTS);
    float[] gradientBlock = RandomValues.of(2, RANDOM_BLOCK, RandomValues.GRADIENTS);
    List<Parameter> parameters = new ArrayList<>();
    for (TensorShape tensor : model.tensors()) {
      float[] weights = new float[(int) tensor.count()];
      float[] gradients = new float[(int) tensor.count()];
      fill(weights, weightBlock);
      fill(gradients, gradientBlock);
      parameters.add(Parameter.onHost(tensor.name(), weights, gradients));
    }
    return parameters;
  }

  private static void fill(float[] target, float[] block) {
    int filled = 0;
    while (filled < target.length) {
      int part = Math.min(block.length, target.length - filled);
      System.arraycopy(block, 0, target, filled, part);
      filled += part;
    }
  }

  private Contender optimizer(
      String name, Hyperparameters base, BenchSettings settings, List<Parameter> parameters) {
    List<ParameterGroup> groups = model.groups(base, parameters);
    Lamb lamb = builder(settings, groups).build();
    optimizers.add(lamb);
    long elements = model.parameters();
    long bytes = settings.clip() ? Traffic.clip(elements) : 0;
    for (ParameterGroup group : groups) {
      for (long count : group.counts()) {
        bytes +=
            group.hyperparameters().isAdapted()
                ? Traffic.twoPasses(count)
                : Traffic.singlePassUnadapted(count);
      }
    }
    return new HostStep(name, lamb, new Contender.Cost(elements, bytes, 0));
  }

  /** The optimizer that is timed on the CPU, and compared with on a GPU. */
  static LambBuilder builder(BenchSettings settings, List<ParameterGroup> groups) {
    LambBuilder builder =
        Lamb.onCpu().threads(settings.threads()).reportedNorms(ReportedNorms.ADAPTED);
    groups.forEach(builder::group);
    return settings.clip() ? builder.maxGradNorm(BenchSettings.MAX_GRAD_NORM) : builder;
  }

  /** {@link Lamb#step()} on the CPU. The bytes that it moves depend only on the model. */
  private record HostStep(String name, Lamb lamb, Cost cost) implements Contender {
    @Override
    public void step() {
      lamb.step();
    }

    @Override
    public Cost countedStep() {
      lamb.step();
      return cost;
    }
  }

  @Override
  public List<Contender> contenders() {
    return contenders;
  }

  @Override
  public Map<String, String> skipped() {
    return Map.of(TextbookLamb.NAME, "cuBLAS requires a CUDA device");
  }

  @Override
  public double[] time(List<Contender> order) {
    double[] millis = new double[order.size()];
    for (int i = 0; i < millis.length; i++) {
      long start = System.nanoTime();
      order.get(i).step();
      millis[i] = (System.nanoTime() - start) / 1e6;
    }
    return millis;
  }

  @Override
  public int warmup() {
    return 2;
  }

  @Override
  public double warmupSeconds() {
    return WARMUP_SECONDS;
  }

  @Override
  public long workingSetBytes() {
    return 4 * Float.BYTES * model.parameters();
  }

  @Override
  public long lastCacheBytes() {
    return lastCache;
  }

  @Override
  public void close() {
    copy.close();
    optimizers.forEach(Lamb::close);
  }
}
