package io.github.lamb4j.tools.bench;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.JCudaDriver;
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
   * @throws IllegalStateException if no model fits; nothing is allocated then
   */
  public BenchReport run(BackendChoice choice, List<ModelShapes> models) {
    return switch (choice.backend()) {
      case "cpu" -> onCpu(choice, models, Machine.lastCacheBytes());
      case "cuda" -> onCuda(choice, models, new JCudaDriver(), Cublas::new);
      default ->
          throw new IllegalArgumentException(
              "backend %s: the benchmark can time only cpu and cuda".formatted(choice.backend()));
    };
  }

  BenchReport onCpu(BackendChoice choice, List<ModelShapes> models, long lastCache) {
    CpuRig.requireTwoPasses(settings);
    ModelShapes model = firstThatFits(models, m -> CpuRig.need(m, lastCache));
    try (Rig rig = new CpuRig(model, settings, lastCache)) {
      Benchmark.Result result = Benchmark.run(rig, model.name(), repetitions, progress);
      return new BenchReport(model, settings, rig, result, Machine.facts(choice));
    }
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
