package io.github.lamb4j.emulator;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/** Floating-point formats as bits. A double holds every value of each exactly. */
final class Floats {

  private Floats() {}

  private static int fractionBits(Type type) {
    return switch (type) {
      case F16 -> 10;
      case BF16 -> 7;
      case F32 -> 23;
      case F64 -> 52;
      default -> throw new IllegalArgumentException("not a floating-point type: " + type);
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

  /** The bits of a value that the type can represent. Every NaN becomes the canonical one. */
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
    RoundingMode ofSize = ofSize(rounding, sign != 0);
    int last = Math.max(Math.getExponent(value), 1 - bias(type)) - fractionBits(type);
    double scaled = Math.scalb(Math.abs(value), -last);
    double significand =
        switch (ofSize) {
          case HALF_EVEN -> Math.rint(scaled);
          case CEILING -> Math.ceil(scaled);
          default -> Math.floor(scaled);
        };
    return sign | assemble((long) significand, last, type, ofSize);
  }

  /** The rounding of the absolute value that corresponds to a rounding of the value. */
  private static RoundingMode ofSize(RoundingMode rounding, boolean negative) {
    if (!negative) return rounding;
    return switch (rounding) {
      case FLOOR -> RoundingMode.CEILING;
      case CEILING -> RoundingMode.FLOOR;
      default -> rounding;
    };
  }

  /**
   * @param last the exponent of the last bit of the significand
   */
  private static long assemble(long significand, int last, Type type, RoundingMode ofSize) {
    // A carry out of the fraction increments the exponent. Without the leading one it is subnormal.
    int exponent = last + fractionBits(type) + bias(type) - 1;
    long bits = ((long) exponent << fractionBits(type)) + significand;
    if (bits < infinity(type)) return bits;
    boolean up = ofSize == RoundingMode.HALF_EVEN || ofSize == RoundingMode.CEILING;
    return up ? infinity(type) : infinity(type) - 1;
  }

  private static long infinity(Type type) {
    return (long) (2 * bias(type) + 1) << fractionBits(type);
  }

  /** Like {@link #round(double, Type, RoundingMode)}, for integers that a double may not hold. */
  static long round(BigInteger value, Type type, RoundingMode rounding) {
    int last = Math.max(0, value.abs().bitLength() - fractionBits(type) - 1);
    RoundingMode ofSize = ofSize(rounding, value.signum() < 0);
    BigDecimal scaled = new BigDecimal(value.abs()).divide(BigDecimal.valueOf(2).pow(last));
    long significand = scaled.setScale(0, ofSize).longValueExact();
    double rounded = Math.scalb((double) significand, last);
    return round(value.signum() < 0 ? -rounded : rounded, type, rounding);
  }
}
