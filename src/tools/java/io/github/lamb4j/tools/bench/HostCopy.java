package io.github.lamb4j.tools.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Copies one array to another with several threads: the upper bound on memory bandwidth. */
final class HostCopy implements Contender, AutoCloseable {

  private final float[] source;
  private final float[] target;
  private final int threads;
  private final ExecutorService pool;

  HostCopy(float[] source, int threads) {
    this.source = source;
    this.threads = threads;
    target = new float[source.length];
    pool =
        Executors.newFixedThreadPool(
            threads,
            work -> {
              Thread thread = new Thread(work, "copy");
              thread.setDaemon(true);
              return thread;
            });
  }

  @Override
  public String name() {
    return COPY;
  }

  @Override
  public void step() {
    List<Future<?>> parts = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int from = (int) ((long) source.length * t / threads);
      int to = (int) ((long) source.length * (t + 1) / threads);
      parts.add(pool.submit(() -> System.arraycopy(source, from, target, from, to - from)));
    }
    try {
      for (Future<?> part : parts) {
        part.get();
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("memory copy: interrupted or failed", e);
    }
  }

  @Override
  public Cost countedStep() {
    step();
    return new Cost(source.length, Traffic.copy(source.length), 0);
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
