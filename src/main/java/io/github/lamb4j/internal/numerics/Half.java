package io.github.lamb4j.internal.numerics;

/**
 * Conversions between {@code float} and the two 16-bit formats: IEEE 754 half precision (F16) and
 * bfloat16 (BF16), both carried in a {@code short}.
 *
 * <p>Widening is exact for all 65,536 values. Narrowing rounds to nearest, ties to even; values
 * that are too large become infinite. A NaN stays a NaN in both directions and keeps its sign and
 * the leading payload bits that fit, including the quiet bit.
 */
public final class Half {

  private static final int FLOAT_INFINITY = 0x7F80_0000;

  /** The exponent bias of float minus that of F16. */
  private static final int BIAS_STEP = 127 - 15;

  private Half() {}

  /** The value of an IEEE 754 half. */
  public static float fromF16(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >>> 10 & 0x1F;
    int mantissa = half & 0x3FF;
    int magnitude;
    if (exponent == 0) {
      // Every F16 subnormal is a normal float, so the multiplication normalizes it.
      magnitude = Float.floatToRawIntBits(mantissa * 0x1p-24f);
    } else if (exponent == 0x1F) {
      magnitude = FLOAT_INFINITY | mantissa << 13;
    } else {
      magnitude = exponent + BIAS_STEP << 23 | mantissa << 13;
    }
    return Float.intBitsToFloat(sign | magnitude);
  }

  /** The value of a bfloat16. */
  public static float fromBf16(short bfloat) {
    return Float.intBitsToFloat(bfloat << 16);
  }

  /** The IEEE 754 half nearest to a value. */
  public static short toF16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int magnitude = bits & 0x7FFF_FFFF;
    int half;
    if (magnitude > FLOAT_INFINITY) {
      int payload = magnitude >>> 13 & 0x3FF;
      // Without a payload bit it would be an infinity.
      half = 0x7C00 | (payload == 0 ? 0x200 : payload);
    } else if (magnitude >= Float.floatToRawIntBits(65520f)) {
      half = 0x7C00;
    } else if (magnitude < Float.floatToRawIntBits(0x1p-14f)) {
      // The scaling is exact, so only rint rounds; 1024 are the bits of the smallest normal.
      half = (int) Math.rint(Float.intBitsToFloat(magnitude) * 0x1p24f);
    } else {
      half = roundOff(magnitude - (BIAS_STEP << 23), 13);
    }
    return (short) (bits >>> 16 & 0x8000 | half);
  }

  /** The bfloat16 nearest to a value. */
  public static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7FFF_FFFF) > FLOAT_INFINITY) {
      int top = bits >>> 16;
      return (short) ((top & 0x7F) == 0 ? top | 0x40 : top);
    }
    return (short) roundOff(bits, 16);
  }

  /** Drops low bits, rounding to nearest even; a carry correctly increments the exponent. */
  private static int roundOff(int bits, int dropped) {
    int odd = bits >>> dropped & 1;
    return bits + (1 << dropped - 1) - 1 + odd >>> dropped;
  }
}
