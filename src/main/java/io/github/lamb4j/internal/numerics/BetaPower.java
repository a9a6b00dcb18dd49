package io.github.lamb4j.internal.numerics;

/**
 * beta^t as {@code kernels/NUMERICS.md} defines it: a product of t factors, multiplied one by one
 * in binary64, so that a counter on the device, a loop on the host and a resumed state agree to the
 * bit.
 */
public final class BetaPower {

  private BetaPower() {}

  /**
   * The product of {@code step} factors. Stops early once a factor changes nothing, for example
   * after underflow: without that, a late step would take hours.
   */
  public static double after(long step, double beta) {
    double power = 1;
    double last = Double.NaN;
    for (long i = 0; i < step && power != last; i++) {
      last = power;
      power *= beta;
    }
    return power;
  }
}
