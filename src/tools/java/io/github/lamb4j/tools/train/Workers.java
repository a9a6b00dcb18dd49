package io.github.lamb4j.tools.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * A few threads that share numbered parts of a job. Which thread does which part is left to chance,
 * so a part must write only what no other part reads or writes.
 */
public final class Workers implements AutoCloseable {

  private final int threads;
  private final ExecutorService pool;

  /**
   * @param threads how many parts run at once
   */
  public Workers(int threads) {
    this.threads = threads;
    this.pool =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "train");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** How many parts run at once. */
  public int threads() {
    return threads;
  }

  /** Runs parts 0 to {@code parts - 1}, and returns when all are done. */
  public void forEach(int parts, IntConsumer part) {
    AtomicInteger next = new AtomicInteger();
    Callable<Void> worker =
        () -> {
          for (int i = next.getAndIncrement(); i < parts; i = next.getAndIncrement()) {
            part.accept(i);
          }
          return null;
        };
    List<Callable<Void>> workers = new ArrayList<>();
    for (int i = 0; i < Math.min(threads, parts); i++) {
      workers.add(worker);
    }
    try {
      for (Future<Void> done : pool.invokeAll(workers)) {
        done.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a training thread failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("training was interrupted", e);
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
