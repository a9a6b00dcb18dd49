package io.github.lamb4j.internal.numerics;

/**
 * beta^t as the format has it: a product of t factors, multiplied one by one in binary64, so that a
 * counter on the device, a loop on the host and a resumed state agree to the bit.
 */
public final class BetaPower {

  private BetaPower() {}

  /**
   * The product of {@code step} factors. Ends early where a factor changes nothing any more, as it
   * does once the product has underflowed: late steps would take hours, for the same bits.
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
