package io.github.lamb4j.config;

/**
 * A closed interval to which a norm or a ratio is clamped.
 *
 * @param min the lower limit, finite and at least 0
 * @param max the upper limit, at least {@code min}; may be infinite
 */
public record Limits(double min, double max) {

  /** No limits: from 0 to infinity. */
  public static final Limits NONE = new Limits(0, Double.POSITIVE_INFINITY);

  /**
   * Validates the limits.
   *
   * @param min the lower limit
   * @param max the upper limit
   * @throws IllegalArgumentException if a limit is NaN, {@code min} is negative or infinite, or
   *     {@code max < min}
   */
  public Limits {
    if (!(min >= 0) || Double.isInfinite(min)) {
      throw new IllegalArgumentException("lower limit " + min + ": must be finite and at least 0");
    }
    if (!(max >= min)) {
      throw new IllegalArgumentException(
          "upper limit " + max + ": must be at least the lower limit " + min);
    }
  }

  /**
   * {@return limits from 0 to {@code max}}
   *
   * @param max the upper limit, at least 0
   */
  public static Limits atMost(double max) {
    return new Limits(0, max);
  }
}
