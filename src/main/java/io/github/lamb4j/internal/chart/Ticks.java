package io.github.lamb4j.internal.chart;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Round numbers within a range. */
final class Ticks {

  private Ticks() {}

  /**
   * Chooses about so many ticks.
   *
   * @param logarithmic whether the bounds are powers of ten
   */
  static List<Double> of(boolean logarithmic, double low, double high, int count) {
    if (!logarithmic) {
      return linear(low, high, count);
    }
    List<Double> ticks = powers(low, high, count);
    if (ticks.size() < 3) {
      ticks = within(low, high, List.of(1, 2, 5));
    }
    return ticks.size() < 2 ? linear(Math.pow(10, low), Math.pow(10, high), count) : ticks;
  }

  /** Multiples of 1, 2 or 5 times a power of ten. */
  private static List<Double> linear(double low, double high, int count) {
    double least = (high - low) / count;
    int exponent = (int) Math.floor(Math.log10(least));
    // The range may be too narrow for its size to tell its numbers apart.
    if (!(high > low) || least < Math.ulp(Math.max(Math.abs(low), Math.abs(high))) * 4) {
      return List.of(low);
    }
    int factor = 10;
    for (int smaller : new int[] {5, 2, 1}) {
      factor = decimal(smaller, exponent) >= least ? smaller : factor;
    }
    double step = decimal(factor, exponent);
    List<Double> ticks = new ArrayList<>();
    long last = (long) Math.floor(high / step);
    for (long i = (long) Math.ceil(low / step); i <= last; i++) {
      ticks.add(BigDecimal.valueOf(i * factor).scaleByPowerOfTen(exponent).doubleValue());
    }
    return ticks;
  }

  /** Powers of ten, or every n-th one. */
  private static List<Double> powers(double low, double high, int count) {
    int first = (int) Math.ceil(low);
    int last = (int) Math.floor(high);
    int stride = Math.max(1, (int) Math.ceil((last - first) / (double) count));
    List<Double> ticks = new ArrayList<>();
    for (int exponent = first; exponent <= last; exponent++) {
      if (Math.floorMod(exponent, stride) == 0) {
        ticks.add(decimal(1, exponent));
      }
    }
    return ticks;
  }

  private static List<Double> within(double low, double high, List<Integer> factors) {
    List<Double> ticks = new ArrayList<>();
    for (int exponent = (int) Math.floor(low); exponent <= high; exponent++) {
      for (int factor : factors) {
        double tick = decimal(factor, exponent);
        if (Math.log10(tick) >= low && Math.log10(tick) <= high) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }

  /** Without the rounding of a product. */
  private static double decimal(int factor, int exponent) {
    return BigDecimal.valueOf(factor).scaleByPowerOfTen(exponent).doubleValue();
  }
}
