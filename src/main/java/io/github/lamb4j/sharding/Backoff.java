package io.github.lamb4j.sharding;

import java.util.concurrent.locks.LockSupport;

/** Pauses between polls: short at first, then longer, so that other processes get the core. */
final class Backoff {

  private static final int SPINS = 100;
  private static final int YIELDS = 1000;
  private static final long SHORT_PARK_NANOS = 50_000;
  private static final int SHORT_PARKS = 2000;
  private static final long LONG_PARK_NANOS = 1_000_000;

  private int pauses;

  /** Starts with short pauses again. */
  void reset() {
    pauses = 0;
  }

  @SuppressWarnings("ThreadPriorityCheck") // another process may need the core; see the parks below
  void pause() {
    pauses++;
    if (pauses < SPINS) {
      Thread.onSpinWait();
    } else if (pauses < YIELDS) {
      Thread.yield();
    } else if (pauses < SHORT_PARKS) {
      LockSupport.parkNanos(SHORT_PARK_NANOS);
    } else {
      LockSupport.parkNanos(LONG_PARK_NANOS);
    }
  }
}
