package io.github.lamb4j.tools.bench;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.JCudaDriver;
import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.tools.progress.Progress;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** A benchmark of one model on one backend. */
public final class Bench {

  private static final int FIRST_DEVICE = 0;

  private final BenchSettings settings;
  private final OptionalInt repetitions;
  private final Consumer<String> log;
  private final Progress progress;

  /**
   * Creates a benchmark; {@link #run} runs it.
   *
   * @param repetitions repetitions of each contender; empty for 30, or fewer on a slow CPU
   * @param log receives one line about each model that is considered
   */
  public Bench(
      BenchSettings settings, OptionalInt repetitions, Consumer<String> log, Progress progress) {
    this.settings = settings;
    this.repetitions = repetitions;
    this.log = log;
    this.progress = progress;
  }

  /**
   * Times the first model that fits in memory.
   *
   * @param models at least one model
   * @param ranks the group of which this is rank 0; several also time a sharded step, on the CPU
   * @throws IllegalStateException if no model fits; nothing is allocated then
   */
  public BenchReport run(BackendChoice choice, List<ModelShapes> models, HostCollective ranks) {
    return switch (choice.backend()) {
      case "cpu" -> onCpu(choice, models, Machine.lastCacheBytes(), ranks);
      case "cuda" -> onCuda(choice, models, new JCudaDriver(), Cublas::new);
      default ->
          throw new IllegalArgumentException(
              "backend %s: the benchmark can time only cpu and cuda".formatted(choice.backend()));
    };
  }

  /** Takes part on another rank than 0, with the same models. */
  public void follow(List<ModelShapes> models, HostCollective ranks) {
    new ShardedBenchmark(settings, ranks).follow(models);
  }

  BenchReport onCpu(
      BackendChoice choice, List<ModelShapes> models, long lastCache, HostCollective ranks) {
    CpuRig.requireTwoPasses(settings);
    ModelShapes model = firstThatFits(models, m -> cpuNeed(m, lastCache, ranks.size()));
    BenchReport report;
    try (Rig rig = new CpuRig(model, settings, lastCache)) {
      Benchmark.Result result = Benchmark.run(rig, model.name(), repetitions, progress);
      report = new BenchReport(model, settings, rig, result, Machine.facts(choice));
    }
    return ranks.size() == 1
        ? report
        : report.with(new ShardedBenchmark(settings, ranks).lead(model, repetitions, progress));
  }

  private static MemoryNeed cpuNeed(ModelShapes model, long lastCache, int ranks) {
    MemoryNeed single = CpuRig.need(model, lastCache);
    return ranks == 1 ? single : ShardedBenchmark.need(model, single, ranks);
  }

  BenchReport onCuda(
      BackendChoice choice, List<ModelShapes> models, CudaDriver driver, Supplier<Blas> blas) {
    driver.retainPrimaryContext(FIRST_DEVICE);
    try {
      ModelShapes model = firstThatFits(models, m -> CudaRig.need(m, driver));
      try (Rig rig = new CudaRig(model, settings, driver, blas)) {
        OptionalInt rounds = OptionalInt.of(repetitions.orElse(Benchmark.DEFAULT_ROUNDS));
        Benchmark.Result result = Benchmark.run(rig, model.name(), rounds, progress);
        Map<String, String> machine = Machine.facts(choice);
        machine.putAll(Machine.cudaFacts(driver));
        return new BenchReport(model, settings, rig, result, machine);
      }
    } finally {
      driver.releasePrimaryContext(FIRST_DEVICE);
    }
  }

  private ModelShapes firstThatFits(
      List<ModelShapes> models, Function<ModelShapes, MemoryNeed> needs) {
    for (ModelShapes model : models) {
      MemoryNeed need = needs.apply(model);
      if (need.fits()) {
        log.accept("%s needs %s".formatted(model.name(), need.inWords()));
        return model;
      }
      if (model.equals(models.get(models.size() - 1))) {
        throw need.refusal(model);
      }
      log.accept("%s does not fit: it needs %s".formatted(model.name(), need.inWords()));
    }
    throw new IllegalArgumentException("models: none; give at least one");
  }
}
