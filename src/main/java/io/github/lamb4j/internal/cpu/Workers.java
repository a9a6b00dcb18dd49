package io.github.lamb4j.internal.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * A fixed number of threads that take indices from a common counter. Which thread takes which index
 * changes no result.
 *
 * <p>A step has many short stages. So the helper threads spin for a while before they sleep, and
 * the calling thread never waits for a helper that has not started: it can do all the work itself.
 */
final class Workers implements AutoCloseable {

  /**
   * Indices taken at once: enough work to pay for the exchange between threads, few enough to
   * balance.
   */
  private static final int CHUNK = 8;

  /** How long a helper spins before it sleeps. */
  private static final long SPIN_NANOS = 50_000;

  private static final int SPINS_BEFORE_YIELD = 1000;

  /** In {@link #state}, above the number of helpers at work: whether more of them may join. */
  private static final long OPEN = 1 << 16;

  private static final long STAGE = 2 * OPEN;

  /** Work on one index, with the worker's own tile. */
  interface Task {
    void run(int index, Tile tile);
  }

  private final Tile own;
  private final Helper[] helpers;
  private final AtomicInteger next = new AtomicInteger();

  /** The number of the stage, whether it is open, and the number of helpers at work on it. */
  private final AtomicLong state = new AtomicLong();

  // Published by `state`.
  private Task task;
  private int count;

  private volatile Throwable failure;
  private volatile boolean closed;

  Workers(int threads, Supplier<TileKernels> kernels) {
    own = new Tile(kernels.get());
    helpers = new Helper[threads - 1];
    for (int i = 0; i < helpers.length; i++) {
      helpers[i] = new Helper(new Tile(kernels.get()));
      helpers[i].start();
    }
  }

  /** The largest number of threads that all get work from this many indices. */
  static int useful(int count) {
    return Math.max(1, (count + CHUNK - 1) / CHUNK);
  }

  /** The calling thread's tile. */
  Tile own() {
    return own;
  }

  /** Runs the task for every index in [0, count) and waits for all workers, even if one fails. */
  void forEach(int count, Task task) {
    if (helpers.length == 0 || count <= CHUNK) {
      for (int i = 0; i < count; i++) {
        task.run(i, own);
      }
      return;
    }
    this.task = task;
    this.count = count;
    next.set(0);
    state.addAndGet(STAGE + OPEN);
    for (Helper helper : helpers) {
      helper.wake();
    }
    take(own);
    state.addAndGet(-OPEN);
    awaitHelpers();
    requireNoFailure();
  }

  private void take(Tile tile) {
    try {
      for (int from = next.getAndAdd(CHUNK); from < count; from = next.getAndAdd(CHUNK)) {
        for (int i = from; i < Math.min(from + CHUNK, count); i++) {
          task.run(i, tile);
        }
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // a helper without a processor needs this thread's
  private void awaitHelpers() {
    for (int spins = 0; state.get() % OPEN != 0; spins++) {
      if (spins < SPINS_BEFORE_YIELD) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  private void requireNoFailure() {
    Throwable cause = failure;
    if (cause != null) {
      failure = null;
      throw new IllegalStateException("a worker failed", cause);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Helper helper : helpers) {
      LockSupport.unpark(helper);
    }
  }

  private final class Helper extends Thread {

    private final Tile tile;
    private volatile boolean sleeping;

    Helper(Tile tile) {
      super("lamb-cpu");
      this.tile = tile;
      setDaemon(true);
    }

    void wake() {
      if (sleeping) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      long done = 0;
      long idleSince = System.nanoTime();
      while (!closed) {
        long seen = state.get();
        if (isOpen(seen, done)) {
          if (state.compareAndSet(seen, seen + 1)) {
            take(tile);
            state.decrementAndGet();
            done = seen / STAGE;
            idleSince = System.nanoTime();
          }
        } else if (System.nanoTime() - idleSince < SPIN_NANOS) {
          Thread.onSpinWait();
        } else {
          park(done);
        }
      }
    }

    private boolean isOpen(long state, long done) {
      return (state & OPEN) != 0 && state / STAGE != done;
    }

    /**
     * Until a stage opens; the state is read once more, or a stage opened just now would be missed.
     */
    private void park(long done) {
      sleeping = true;
      if (!isOpen(state.get(), done) && !closed) {
        LockSupport.park(Workers.this);
        Thread.interrupted(); // else the next park would return at once
      }
      sleeping = false;
    }
  }
}
