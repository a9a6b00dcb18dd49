package io.github.lamb4j.internal.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A fixed number of threads that take indices from a common counter. Which thread takes which index
 * changes no result.
 */
final class Workers implements AutoCloseable {

  /**
   * Indices taken at once: enough work to pay for the exchange between threads, few enough to
   * balance.
   */
  private static final int CHUNK = 16;

  /** Work on one index, with the worker's own tile. */
  interface Task {
    void run(int index, Tile tile);
  }

  private final Tile[] tiles;
  private final ExecutorService pool;
  private final AtomicInteger next = new AtomicInteger();

  Workers(int threads) {
    tiles = new Tile[threads];
    for (int i = 0; i < threads; i++) {
      tiles[i] = new Tile(new ScalarTileKernels());
    }
    pool = threads == 1 ? null : Executors.newFixedThreadPool(threads - 1, Workers::daemon);
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "lamb-cpu");
    thread.setDaemon(true);
    return thread;
  }

  /** The largest number of threads that all get work from this many indices. */
  static int useful(int count) {
    return Math.max(1, (count + CHUNK - 1) / CHUNK);
  }

  Tile own() {
    return tiles[0];
  }

  /** Runs the task for every index in [0, count) and waits for all workers, even if one fails. */
  void forEach(int count, Task task) {
    next.set(0);
    List<Future<?>> others = new ArrayList<>();
    int helpers = Math.min(tiles.length, useful(count)) - 1;
    for (int i = 1; i <= helpers; i++) {
      Tile tile = tiles[i];
      others.add(pool.submit(() -> take(count, task, tile)));
    }
    Throwable failure = attempt(() -> take(count, task, tiles[0]));
    for (Future<?> other : others) {
      Throwable later = attempt(() -> await(other));
      failure = failure == null ? later : failure;
    }
    if (failure != null) {
      throw new IllegalStateException("a worker failed", failure);
    }
  }

  private static Throwable attempt(Runnable work) {
    try {
      work.run();
      return null;
    } catch (RuntimeException | Error e) {
      return e;
    }
  }

  private void take(int count, Task task, Tile tile) {
    for (int from = next.getAndAdd(CHUNK); from < count; from = next.getAndAdd(CHUNK)) {
      for (int i = from; i < Math.min(from + CHUNK, count); i++) {
        task.run(i, tile);
      }
    }
  }

  private static void await(Future<?> future) {
    boolean interrupted = false;
    while (true) {
      try {
        future.get();
        break;
      } catch (InterruptedException e) {
        interrupted =
            true; // a step is short: finish it, then restore the caller's interrupt status
      } catch (ExecutionException e) {
        throw new IllegalStateException("a worker failed", e.getCause());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    if (pool != null) {
      pool.shutdownNow();
    }
  }
}
