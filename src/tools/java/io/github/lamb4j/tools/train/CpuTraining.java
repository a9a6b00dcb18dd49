package io.github.lamb4j.tools.train;

import java.util.concurrent.ForkJoinPool;

/** Trains on the CPU. The number of threads does not affect the results. */
public final class CpuTraining implements TrainingBackend {

  private final ForkJoinPool workers;

  /** Creates the threads. */
  public CpuTraining(int threads) {
    workers = new ForkJoinPool(threads);
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public Classifier classifier(ModelShape shape, int batchSize, long seed, Examples.Split data) {
    return new HostClassifier(shape, batchSize, seed, data, workers);
  }

  @Override
  public void close() {
    workers.shutdown();
  }
}
