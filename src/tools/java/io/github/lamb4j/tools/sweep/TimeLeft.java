package io.github.lamb4j.tools.sweep;

import java.util.function.LongSupplier;

/** Estimates the time that is left from the mean time of the runs so far. */
final class TimeLeft {

  private static final double NANOS_PER_SECOND = 1e9;
  private static final int MINUTE = 60;

  private final int expected;
  private final LongSupplier clock;
  private final long started;
  private int finished;

  /**
   * @param expected the number of runs
   */
  TimeLeft(int expected) {
    this(expected, System::nanoTime);
  }

  TimeLeft(int expected, LongSupplier clock) {
    this.expected = expected;
    this.clock = clock;
    started = clock.getAsLong();
  }

  /** Another run has ended: the runs that are left, and for how long. */
  String afterAnother() {
    finished++;
    int left = Math.max(0, expected - finished);
    double each = (clock.getAsLong() - started) / NANOS_PER_SECOND / finished;
    long seconds = Math.round(each * left);
    String time =
        seconds < 2 * MINUTE ? seconds + " s" : Math.round(seconds / (double) MINUTE) + " min";
    return left + " runs left, about " + time;
  }
}
