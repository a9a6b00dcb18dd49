package io.github.lamb4j.internal.chart;

import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers as text, the same in every locale. */
public final class Numbers {

  private static final int DIGITS = 4;
  private static final double LARGEST_WHOLE = 1e15;
  private static final int LONGEST_TICK = 7;

  private Numbers() {}

  /** Four significant digits; whole numbers in full. */
  public static String of(double value) {
    boolean isWhole = value == Math.rint(value) && Math.abs(value) < LARGEST_WHOLE;
    return isWhole ? Long.toString((long) value) : rounded(value);
  }

  /** The label of a tick: four significant digits, and short. */
  static String tick(double value) {
    String text = of(value);
    return text.length() <= LONGEST_TICK ? text : rounded(value);
  }

  private static String rounded(double value) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
    }
    if (value == 0) {
      return "0";
    }
    BigDecimal number = new BigDecimal(value).round(new MathContext(DIGITS)).stripTrailingZeros();
    int exponent = number.precision() - number.scale() - 1;
    if (exponent >= -4 && exponent < LONGEST_TICK - 1) {
      return number.toPlainString();
    }
    return number.movePointLeft(exponent).toPlainString() + "e" + exponent;
  }
}
