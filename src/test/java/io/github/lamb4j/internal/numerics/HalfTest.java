package io.github.lamb4j.internal.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HalfTest {

  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  /** A 16-bit format by its definition, and the conversions under test. */
  enum Format {
    F16(5, 10) {
      @Override
      float widen(int bits) {
        return Half.fromF16((short) bits);
      }

      @Override
      int narrow(float value) {
        return Half.toF16(value) & 0xFFFF;
      }
    },
    BF16(8, 7) {
      @Override
      float widen(int bits) {
        return Half.fromBf16((short) bits);
      }

      @Override
      int narrow(float value) {
        return Half.toBf16(value) & 0xFFFF;
      }
    };

    final int mantissaBits;
    final int infinity;
    final int bias;

    Format(int exponentBits, int mantissaBits) {
      this.mantissaBits = mantissaBits;
      this.infinity = (1 << exponentBits) - 1 << mantissaBits;
      this.bias = (1 << exponentBits - 1) - 1;
    }

    abstract float widen(int bits);

    abstract int narrow(float value);

    /** The value of a finite, non-negative encoding, by the standard's formula. */
    BigDecimal value(int bits) {
      int exponent = bits >> mantissaBits;
      int mantissa = bits & (1 << mantissaBits) - 1;
      int significand = exponent == 0 ? mantissa : mantissa + (1 << mantissaBits);
      return BigDecimal.valueOf(significand)
          .multiply(power(Math.max(exponent, 1) - bias - mantissaBits));
    }
  }

  private static BigDecimal power(int exponent) {
    return exponent >= 0 ? TWO.pow(exponent) : BigDecimal.ONE.divide(TWO.pow(-exponent));
  }

  @ParameterizedTest
  @EnumSource
  void shouldWidenEveryFiniteValueExactly(Format format) {
    for (int bits = 0; bits < format.infinity; bits++) {
      float positive = format.widen(bits);
      assertEquals(0, format.value(bits).compareTo(new BigDecimal(positive)), "bits " + bits);
      assertTrue(Float.floatToRawIntBits(positive) >= 0, "sign of bits " + bits);
      int negative = Float.floatToRawIntBits(format.widen(bits | 0x8000));
      assertEquals(Float.floatToRawIntBits(positive) | 0x8000_0000, negative, "bits " + bits);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldKeepInfinitiesAndEveryNanPayload(Format format) {
    assertEquals(Float.POSITIVE_INFINITY, format.widen(format.infinity));
    assertEquals(Float.NEGATIVE_INFINITY, format.widen(format.infinity | 0x8000));
    for (int payload = 1; payload < 1 << format.mantissaBits; payload++) {
      int expected = 0x7F80_0000 + payload * (1 << 23 - format.mantissaBits);
      int bits = format.infinity + payload;
      assertEquals(expected, Float.floatToRawIntBits(format.widen(bits)));
      assertEquals(expected | 0x8000_0000, Float.floatToRawIntBits(format.widen(bits | 0x8000)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldNarrowEveryWidenedValueToItself(Format format) {
    for (int bits = 0; bits <= 0xFFFF; bits++) {
      assertEquals(bits, format.narrow(format.widen(bits)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldRoundToNearestAndTiesToEvenAtEveryBoundary(Format format) {
    // Above the largest value is infinity, which fits the formula; no float reaches BF16's.
    int last = format == Format.F16 ? format.infinity - 1 : format.infinity - 2;
    for (int low = 0; low <= last; low++) {
      int high = low + 1;
      BigDecimal exact = format.value(low).add(format.value(high)).divide(TWO);
      float middle = exact.floatValue();
      assertEquals(0, new BigDecimal(middle).compareTo(exact), "a float lies on every boundary");
      assertNarrows(format, middle, low % 2 == 0 ? low : high);
      assertNarrows(format, Math.nextDown(middle), low);
      assertNarrows(format, Math.nextUp(middle), high);
    }
  }

  private static void assertNarrows(Format format, float value, int expected) {
    assertEquals(expected, format.narrow(value), () -> format + " of " + value);
    assertEquals(expected | 0x8000, format.narrow(-value), () -> format + " of " + -value);
  }

  @ParameterizedTest
  @EnumSource
  void shouldNarrowRandomFloatsToTheNearest(Format format) {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      float value = Math.abs(Float.intBitsToFloat(random.nextInt()));
      int bits = format.narrow(value);
      if (Float.isNaN(value) || bits >= format.infinity) {
        continue;
      }
      BigDecimal exact = new BigDecimal(value);
      BigDecimal error = exact.subtract(format.value(bits)).abs();
      for (int neighbour : new int[] {Math.max(bits - 1, 0), bits + 1}) {
        BigDecimal other = exact.subtract(format.value(neighbour)).abs();
        assertTrue(error.compareTo(other) <= 0, format + " of " + value);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldOverflowToInfinity(Format format) {
    assertEquals(format.infinity, format.narrow(Float.MAX_VALUE));
    assertEquals(format.infinity, format.narrow(Float.POSITIVE_INFINITY));
    assertEquals(format.infinity | 0x8000, format.narrow(Float.NEGATIVE_INFINITY));
  }

  @Test
  void shouldOverflowAtTheHalfwayPointBeyondTheLargest() {
    assertEquals(0x7BFF, Half.toF16(Math.nextDown(65520f)));
    assertEquals(0x7C00, Half.toF16(65520f));
    assertEquals(0x7F7F, Half.toBf16(Float.intBitsToFloat(0x7F7F_7FFF)));
    assertEquals(0x7F80, Half.toBf16(Float.intBitsToFloat(0x7F7F_8000)));
  }

  @ParameterizedTest
  @EnumSource
  void shouldKeepANanWhosePayloadDoesNotFit(Format format) {
    for (int sign : new int[] {0, 0x8000_0000}) {
      int narrow = format.narrow(Float.intBitsToFloat(sign | 0x7F80_0001));
      assertTrue(Float.isNaN(format.widen(narrow)));
      assertEquals(sign >>> 16, narrow & 0x8000);
    }
  }
}
