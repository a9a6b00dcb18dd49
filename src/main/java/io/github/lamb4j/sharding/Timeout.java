package io.github.lamb4j.sharding;

import java.time.Duration;
import java.util.Objects;

/** Limits for waiting. */
final class Timeout {

  /** Used if the program does not set another one. */
  static final Duration DEFAULT = Duration.ofMinutes(5);

  private static final Duration LONGEST = Duration.ofDays(365);

  private Timeout() {}

  static Duration require(Duration timeout) {
    Objects.requireNonNull(timeout, "timeout");
    if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "timeout " + timeout + ": must be above 0 and at most 365 days");
    }
    return timeout;
  }

  static String text(Duration timeout) {
    long millis = timeout.toMillis();
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }
}
