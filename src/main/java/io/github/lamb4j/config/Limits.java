package io.github.lamb4j.config;

/**
 * A closed interval that a norm or a ratio is clamped to.
 *
 * @param min the lower end, 0 or more
 * @param max the upper end, not below {@code min}; may be infinite
 */
public record Limits(double min, double max) {

  /** No limits: 0 to infinity. */
  public static final Limits NONE = new Limits(0, Double.POSITIVE_INFINITY);

  /**
   * Checks the ends.
   *
   * @throws IllegalArgumentException if an end is NaN, {@code min} is negative or infinite, or
   *     {@code max < min}
   */
  public Limits {
    if (!(min >= 0) || Double.isInfinite(min)) {
      throw new IllegalArgumentException(
          "lower limit " + min + ": must be a finite number, 0 or more");
    }
    if (!(max >= min)) {
      throw new IllegalArgumentException(
          "upper limit " + max + ": must be a number not below the lower limit " + min);
    }
  }

  /** At most {@code max}. */
  public static Limits atMost(double max) {
    return new Limits(0, max);
  }
}
