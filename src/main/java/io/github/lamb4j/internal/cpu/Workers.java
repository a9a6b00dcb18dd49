package io.github.lamb4j.internal.cpu;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * A fixed number of threads, each with its own part of a loop's indices: what a thread has in its
 * cache from one loop is there for its part of the next. A thread that is done takes indices from
 * the others' parts. Which thread takes which index changes no result.
 *
 * <p>A step has many short stages. So the helper threads spin for a while before they sleep, and
 * the calling thread never waits for a helper that has not started: it can do all the work itself.
 */
final class Workers implements AutoCloseable {

  /**
   * Indices of single tiles taken at once: enough work to pay for the exchange between threads, few
   * enough to balance.
   */
  private static final int CHUNK = 8;

  /** How long a helper spins before it sleeps. */
  private static final long SPIN_NANOS = 50_000;

  private static final int SPINS_BEFORE_YIELD = 1000;

  /** Between the counters of two threads, so that these do not share a cache line. */
  private static final int COUNTER_STRIDE = 32;

  /** In {@link #state}, above the number of helpers at work: whether more of them may join. */
  private static final long OPEN = 1 << 16;

  private static final long STAGE = 2 * OPEN;

  /** Work on one index, with the worker's own tile. */
  interface Task {
    void run(int index, Span span);
  }

  private final Span own;
  private final Helper[] helpers;

  /** By thread: how many indices of its part are taken. */
  private final AtomicIntegerArray taken;

  /** The number of the stage, whether it is open, and the number of helpers at work on it. */
  private final AtomicLong state = new AtomicLong();

  // Published by `state`.
  private Task task;
  private int count;
  private int chunk;
  private boolean backward;

  private volatile Throwable failure;
  private volatile boolean closed;

  /** Starts the threads; ends them again if one cannot be started. */
  Workers(int threads, Supplier<TileKernels> kernels) {
    own = new Span(kernels.get());
    taken = new AtomicIntegerArray(threads * COUNTER_STRIDE);
    helpers = new Helper[threads - 1];
    try {
      for (int i = 0; i < helpers.length; i++) {
        helpers[i] = new Helper(i + 1, new Span(kernels.get()));
        helpers[i].start();
      }
    } catch (RuntimeException | Error e) {
      close();
      awaitEnd();
      throw e;
    }
  }

  /** Waits until the helpers have ended: reporting that memory ran out needs some of theirs. */
  private void awaitEnd() {
    boolean interrupted = false;
    for (Helper helper : helpers) {
      while (helper != null && helper.isAlive()) {
        try {
          helper.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The largest number of threads that all get work from this many indices. */
  static int useful(int count) {
    return Math.max(1, (count + CHUNK - 1) / CHUNK);
  }

  /** The calling thread's tile. */
  Span own() {
    return own;
  }

  /** The number of threads, the caller's among them. */
  int count() {
    return helpers.length + 1;
  }

  /** Runs the task for every index in [0, count) and waits for all workers, even if one fails. */
  void forEach(int count, Task task) {
    forEach(count, CHUNK, false, task);
  }

  /**
   * As {@link #forEach(int, Task)}.
   *
   * @param chunk the number of indices that a thread takes at once
   * @param backward whether each thread goes through its part from the end
   */
  void forEach(int count, int chunk, boolean backward, Task task) {
    if (helpers.length == 0 || count <= chunk) {
      for (int i = 0; i < count; i++) {
        task.run(backward ? count - 1 - i : i, own);
      }
      return;
    }
    this.chunk = chunk;
    this.backward = backward;
    this.task = task;
    this.count = count;
    for (int thread = 0; thread <= helpers.length; thread++) {
      taken.setPlain(thread * COUNTER_STRIDE, 0);
    }
    state.addAndGet(STAGE + OPEN);
    for (Helper helper : helpers) {
      helper.wake();
    }
    take(0, own);
    state.addAndGet(-OPEN);
    awaitHelpers();
    requireNoFailure();
  }

  /** Runs the task on indices of a thread's own part, then on those left of the others'. */
  private void take(int thread, Span span) {
    try {
      for (int i = 0; i < count(); i++) {
        takePart((thread + i) % count(), span);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  private void takePart(int thread, Span span) {
    int start = partOf(thread);
    int end = partOf(thread + 1);
    int counter = thread * COUNTER_STRIDE;
    for (int at = start + taken.getAndAdd(counter, chunk);
        at < end;
        at = start + taken.getAndAdd(counter, chunk)) {
      for (int i = at; i < Math.min(at + chunk, end); i++) {
        task.run(backward ? start + end - 1 - i : i, span);
      }
    }
  }

  /** Where a thread's part of the indices begins. */
  private int partOf(int thread) {
    return (int) ((long) count * thread / count());
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

    private final int thread;
    private Span span;
    private volatile boolean sleeping;

    Helper(int thread, Span span) {
      super("lamb-cpu");
      this.thread = thread;
      this.span = span;
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
            take(thread, span);
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
      span = null; // the JVM keeps the thread for a moment after its end
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
