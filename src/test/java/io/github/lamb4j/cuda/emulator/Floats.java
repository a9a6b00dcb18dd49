package io.github.lamb4j.cuda.emulator;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Floating-point formats as bits. Every value of each is a double. */
final class Floats {

  private Floats() {}

  private static int fractionBits(Type type) {
    return switch (type) {
      case F16 -> 10;
      case BF16 -> 7;
      case F32 -> 23;
      case F64 -> 52;
      default -> throw new IllegalArgumentException("no floating-point type: " + type);
    };
  }

  private static int bias(Type type) {
    return (1 << type.bits - 2 - fractionBits(type)) - 1;
  }

  static double decode(long bits, Type type) {
    if (type == Type.F64) return Double.longBitsToDouble(bits);
    if (type == Type.F32) return Float.intBitsToFloat((int) bits);
    if (type == Type.BF16) return Float.intBitsToFloat((int) bits << 16);
    int fractionBits = fractionBits(type);
    long fraction = bits & (1L << fractionBits) - 1;
    int exponent = (int) (bits >>> fractionBits) & 2 * bias(type) + 1;
    double size;
    if (exponent == 2 * bias(type) + 1) {
      size = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else {
      long significand = exponent == 0 ? fraction : fraction | 1L << fractionBits;
      size = Math.scalb((double) significand, Math.max(exponent, 1) - bias(type) - fractionBits);
    }
    return (bits >>> type.bits - 1 & 1) != 0 ? -size : size;
  }

  /** The bits of a value that the type can hold; every NaN of a type is the same. */
  static long encode(double value, Type type) {
    return round(value, type, RoundingMode.UNNECESSARY);
  }

  static long round(double value, Type type, RoundingMode rounding) {
    if (value != value) return type == Type.F64 ? 0xfff8_0000_0000_0000L : type.mask >>> 1;
    if (type == Type.F64) return Double.doubleToRawLongBits(value);
    if (type == Type.F32 && (rounding == RoundingMode.HALF_EVEN || value == (float) value)) {
      return Float.floatToRawIntBits((float) value) & 0xffffffffL;
    }
    long sign = Double.doubleToRawLongBits(value) >>> 63 << type.bits - 1;
    if (Double.isInfinite(value)) return sign | infinity(type);
    if (value == 0) return sign;
    return round(new BigDecimal(value), type, rounding);
  }

  private static long infinity(Type type) {
    return (long) (2 * bias(type) + 1) << fractionBits(type);
  }

  static long round(BigDecimal value, Type type, RoundingMode rounding) {
    int fractionBits = fractionBits(type);
    int bias = bias(type);
    if (value.signum() == 0) return 0;
    long sign = value.signum() < 0 ? 1L << type.bits - 1 : 0;
    BigDecimal size = value.abs();
    // The exponent of the last place: as doubles go, off by one at most, which the carry mends.
    int exponent = Math.max(Math.getExponent(floor(size)), 1 - bias) - fractionBits;
    BigDecimal scaled =
        exponent >= 0
            ? size.divide(BigDecimal.valueOf(2).pow(exponent))
            : size.multiply(BigDecimal.valueOf(2).pow(-exponent));
    RoundingMode ofSize =
        sign == 0
            ? rounding
            : rounding == RoundingMode.FLOOR
                ? RoundingMode.CEILING
                : rounding == RoundingMode.CEILING ? RoundingMode.FLOOR : rounding;
    long significand = scaled.setScale(0, ofSize).longValueExact();
    // A carry out of the fraction raises the exponent, a missing leading one marks a subnormal.
    long bits = ((long) (exponent + fractionBits + bias - 1) << fractionBits) + significand;
    if (bits < infinity(type)) return sign | bits;
    boolean up = ofSize == RoundingMode.HALF_EVEN || ofSize == RoundingMode.CEILING;
    return sign | (up ? infinity(type) : infinity(type) - 1);
  }

  /** The largest double that is not above the value. */
  private static double floor(BigDecimal size) {
    double nearest = size.doubleValue();
    if (Double.isInfinite(nearest)) return Double.MAX_VALUE;
    return new BigDecimal(nearest).compareTo(size) > 0 ? Math.nextDown(nearest) : nearest;
  }
}
