package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Compares floating-point results with exact ones, rounded here by searching for the nearest value.
 */
@Tag("slow")
class FloatInstructionsTest {

  /** Enough digits for the midpoint of any two adjacent values to be exact. */
  private static MathContext precise(Type type) {
    return new MathContext(type == Type.F32 ? 200 : 1200);
  }

  private static final MathContext ROOT = new MathContext(120);
  private static final long CANONICAL = 0x7fffffffL;

  /** Signed zeros, subnormals, the limits of normals, ones and their neighbors, random values. */
  private static long[] finite(Type type, int chance) {
    long[] edges =
        type == Type.F32
            ? new long[] {
              0,
              1,
              2,
              0x7fffff,
              0x800000,
              0x800001,
              0x1000000,
              0x3dcccccd,
              0x3f7fffff,
              0x3f800000,
              0x3f800001,
              0x40400000,
              0x4b800000,
              0x7f7fffff,
              0x34000000,
              0x00400000,
              0x7e967699
            }
            : new long[] {
              0,
              1,
              2,
              0xfffffffffffffL,
              0x10000000000000L,
              0x10000000000001L,
              0x3fb999999999999aL,
              0x3fefffffffffffffL,
              0x3ff0000000000000L,
              0x3ff0000000000001L,
              0x4008000000000000L,
              0x7fefffffffffffffL,
              0x3cb0000000000000L,
              0x0008000000000000L
            };
    Random random = new Random(type.bits);
    LongStream drawn =
        random
            .longs()
            .map(bits -> bits & type.mask)
            .filter(bits -> Double.isFinite(value(bits, type)))
            .limit(chance);
    long sign = 1L << type.bits - 1;
    return LongStream.concat(LongStream.of(edges).flatMap(e -> LongStream.of(e, e | sign)), drawn)
        .toArray();
  }

  private static double value(long bits, Type type) {
    return type == Type.F32 ? Float.intBitsToFloat((int) bits) : Double.longBitsToDouble(bits);
  }

  private static BigDecimal exact(long bits, Type type) {
    return new BigDecimal(value(bits, type));
  }

  private static boolean isNegative(long bits, Type type) {
    return bits >>> type.bits - 1 != 0;
  }

  /** The bits of the nearest value; ties go to the even one. */
  private static long nearest(BigDecimal exact, boolean negativeIfZero, Type type) {
    long sign = exact.signum() < 0 || exact.signum() == 0 && negativeIfZero ? 1L : 0;
    BigDecimal size = exact.abs();
    long infinity = type == Type.F32 ? 0x7f800000L : 0x7ff0000000000000L;
    // The search may start at any bracket of the value; this one is tight.
    double about = size.doubleValue();
    long start =
        type == Type.F32
            ? Float.floatToRawIntBits((float) about)
            : Double.doubleToRawLongBits(about);
    long low = Math.max(0, Math.min(start, infinity - 1) - 4);
    long high = Math.min(infinity, start + 4);
    assertTrue(exact(low, type).compareTo(size) <= 0);
    assertTrue(high == infinity || exact(high, type).compareTo(size) > 0);
    while (high - low > 1) {
      long middle = low + high >>> 1;
      if (exact(middle, type).compareTo(size) <= 0) low = middle;
      else high = middle;
    }
    // The successor of the largest finite value if the exponent range were unlimited.
    BigDecimal above =
        high == infinity
            ? exact(low, type).add(exact(low, type).subtract(exact(low - 1, type)))
            : exact(high, type);
    BigDecimal fromLow = size.subtract(exact(low, type));
    int compared = fromLow.compareTo(above.subtract(size));
    long bits = compared < 0 || compared == 0 && (low & 1) == 0 ? low : high;
    return sign << type.bits - 1 | bits;
  }

  @ParameterizedTest
  @CsvSource({
    "add, F32", "sub, F32", "mul, F32", "div, F32",
    "add, F64", "sub, F64", "mul, F64", "div, F64"
  })
  void shouldRoundToNearest(String name, Type type) {
    long[] values = finite(type, type == Type.F32 ? 40 : 16);
    long[][] pairs = Ptx.pairs(values, values);
    long[] results =
        Ptx.evaluate("%s.rn.%s".formatted(name, type), type, Ptx.types(type, type), pairs);
    for (int i = 0; i < pairs.length; i++) {
      long a = pairs[i][0];
      long b = pairs[i][1];
      BigDecimal x = exact(a, type);
      BigDecimal y = exact(b, type);
      if (name.equals("div") && y.signum() == 0) continue;
      boolean signs = isNegative(a, type) != isNegative(b, type);
      boolean minus = isNegative(a, type) && isNegative(b, type) != name.equals("sub");
      long expected =
          switch (name) {
            case "add" -> nearest(x.add(y), minus && x.signum() == 0, type);
            case "sub" -> nearest(x.subtract(y), minus && x.signum() == 0, type);
            case "mul" -> nearest(x.multiply(y), signs, type);
            default -> nearest(x.divide(y, precise(type)), signs, type);
          };
      check(name, type, pairs[i], expected, results[i]);
    }
  }

  private static void check(String name, Type type, long[] operands, long expected, long actual) {
    if (expected == actual) return;
    StringBuilder message = new StringBuilder(name + "." + type);
    for (long operand : operands) message.append(" 0x").append(Long.toHexString(operand));
    assertEquals(Long.toHexString(expected), Long.toHexString(actual), message.toString());
  }

  @ParameterizedTest
  @EnumSource(
      value = Type.class,
      names = {"F32", "F64"})
  void shouldFuseMultiplyAndAdd(Type type) {
    long[] values = finite(type, 300);
    Random random = new Random(3);
    long[][] triples = new long[3000][];
    for (int i = 0; i < triples.length; i++) {
      long a = values[random.nextInt(values.length)];
      long b = values[random.nextInt(values.length)];
      // Half of them are close to -a * b, where only a single rounding gives the remainder.
      BigDecimal product = exact(a, type).multiply(exact(b, type));
      long near = nearest(product.negate(), false, type);
      boolean finite = Double.isFinite(value(near, type));
      long c = i % 2 == 0 && finite ? near : values[random.nextInt(values.length)];
      triples[i] = new long[] {a, b, c};
    }
    long[] results = Ptx.evaluate("fma.rn." + type, type, Ptx.types(type, type, type), triples);
    for (int i = 0; i < triples.length; i++) {
      long[] t = triples[i];
      BigDecimal product = exact(t[0], type).multiply(exact(t[1], type));
      boolean negativeProduct = isNegative(t[0], type) != isNegative(t[1], type);
      boolean minus = product.signum() == 0 && negativeProduct && isNegative(t[2], type);
      long expected = nearest(product.add(exact(t[2], type)), minus, type);
      check("fma", type, t, expected, results[i]);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Type.class,
      names = {"F32", "F64"})
  void shouldRoundRootsAndReciprocals(Type type) {
    long[][] values = Ptx.singles(finite(type, 500));
    long[] roots = Ptx.evaluate("sqrt.rn." + type, type, Ptx.types(type), values);
    long[] reciprocals = Ptx.evaluate("rcp.rn." + type, type, Ptx.types(type), values);
    for (int i = 0; i < values.length; i++) {
      BigDecimal x = exact(values[i][0], type);
      boolean negative = isNegative(values[i][0], type);
      if (x.signum() != 0) {
        long reciprocal = nearest(BigDecimal.ONE.divide(x, precise(type)), negative, type);
        check("rcp", type, values[i], reciprocal, reciprocals[i]);
      }
      if (x.signum() >= 0) {
        check("sqrt", type, values[i], nearest(x.sqrt(ROOT), negative, type), roots[i]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // inf - inf, 0 * inf, 0 / 0, inf / inf, the root of -1, NaN operands
    "add.rn.f32, 7f800000, ff800000, 7fffffff",
    "sub.rn.f32, 7f800000, 7f800000, 7fffffff",
    "mul.rn.f32, 0, 7f800000, 7fffffff",
    "div.rn.f32, 0, 80000000, 7fffffff",
    "div.rn.f32, ff800000, 7f800000, 7fffffff",
    "add.rn.f32, ffc12345, 3f800000, 7fffffff",
    "mul.rn.f32, 3f800000, 7f800001, 7fffffff",
    // not NaN
    "div.rn.f32, 3f800000, 0, 7f800000",
    "div.rn.f32, 3f800000, 80000000, ff800000",
    "div.rn.f32, 80000000, 7f800000, 80000000",
    "add.rn.f32, ff800000, 3f800000, ff800000",
    "mul.rn.f32, ff800000, bf800000, 7f800000",
    // min and max prefer numbers to NaN, and -0 is less than +0
    "min.f32, 7fc00000, 3f800000, 3f800000",
    "max.f32, 3f800000, 7fc00000, 3f800000",
    "min.f32, 7fc00000, ffc00001, 7fffffff",
    "min.f32, 0, 80000000, 80000000",
    "max.f32, 80000000, 0, 0",
    "min.NaN.f32, 7fc00000, 3f800000, 7fffffff",
    "max.NaN.f32, 3f800000, 40000000, 40000000",
    // saturation
    "add.rn.sat.f32, 3f800000, 3f800000, 3f800000",
    "add.rn.sat.f32, bf800000, 0, 0",
    "mul.rn.sat.f32, 7fc00000, 0, 0",
    "copysign.f32, 80000000, 7fc00000, ffc00000"
  })
  void shouldTreatSpecialValuesAsSpecified(String instruction, String a, String b, String result) {
    long[] operands = {Long.parseLong(a, 16), Long.parseLong(b, 16)};
    long[] results = Ptx.evaluate(instruction, Type.F32, Ptx.types(Type.F32, Type.F32), operands);
    check(instruction, Type.F32, operands, Long.parseLong(result, 16), results[0]);
  }

  @ParameterizedTest
  @CsvSource({
    "div.rn.f64, 0, -0.0, NaN",
    "div.rn.f64, Infinity, -Infinity, NaN",
    "div.rn.f64, 1, 0, Infinity",
    "div.rn.f64, 1, -0.0, -Infinity",
    "div.rn.f64, -0.0, Infinity, -0.0",
    "div.rn.f64, 1e308, 1e-10, Infinity",
    "div.rn.f64, 4.9e-324, -2, -0.0", // tie: to even
    "min.f64, NaN, 1, 1",
    "max.f64, 1, NaN, 1",
    "min.f64, 0, -0.0, -0.0",
    "max.f64, -0.0, 0, 0",
    "min.f64, Infinity, 3, 3",
    "sqrt.rn.f64 $0; $1, -1, 0, NaN",
    "sqrt.rn.f64 $0; $1, -0.0, 0, -0.0",
    "sqrt.rn.f64 $0; $1, Infinity, 0, Infinity",
    "rcp.rn.f64 $0; $1, -0.0, 0, -Infinity"
  })
  void shouldTreatSpecialDoublesAsSpecified(String instruction, double a, double b, double result) {
    long[] operands = {Double.doubleToRawLongBits(a), Double.doubleToRawLongBits(b)};
    Type[] types = Ptx.types(Type.F64, Type.F64);
    long[] results = Ptx.evaluate(instruction.replace(';', ','), Type.F64, types, operands);
    // NaN payloads have a test of their own.
    assertEquals(result, Double.longBitsToDouble(results[0]));
  }

  @Test
  void shouldKeepPayloadsOfDoubleNans() {
    Type type = Type.F64;
    long nan = 0x7ff8_0000_0000_1234L;
    long signalling = 0xfff0_0000_0000_0001L;
    long[] results =
        Ptx.evaluate(
            "add.rn.f64",
            type,
            Ptx.types(type, type),
            new long[] {nan, 0},
            new long[] {0, nan},
            new long[] {signalling, nan},
            new long[] {0x7ff0_0000_0000_0000L, 0xfff0_0000_0000_0000L});
    assertEquals(nan, results[0]);
    assertEquals(nan, results[1]);
    assertEquals(0xfff8_0000_0000_0001L, results[2]);
    assertEquals(0xfff8_0000_0000_0000L, results[3]);
  }

  @Test
  void shouldTakeTheRootOfNegativesAsNan() {
    long[] roots =
        Ptx.evaluate(
            "sqrt.rn.f32",
            Type.F32,
            Ptx.types(Type.F32),
            Ptx.singles(0xbf800000L, 0x80000000L, 0xff800000L, 0x7f800000L));
    assertEquals(CANONICAL, roots[0]);
    assertEquals(0x80000000L, roots[1]);
    assertEquals(CANONICAL, roots[2]);
    assertEquals(0x7f800000L, roots[3]);
  }

  @ParameterizedTest
  @EnumSource(
      value = Type.class,
      names = {"F32", "F64"})
  void shouldChangeSignsOnly(Type type) {
    long sign = 1L << type.bits - 1;
    long infinity = type == Type.F32 ? 0x7f800000L : 0x7ff0000000000000L;
    long[][] values = Ptx.singles(0, sign, 1, infinity - 1, sign | infinity, infinity | 1);
    long[] absolutes = Ptx.evaluate("abs." + type, type, Ptx.types(type), values);
    long[] negated = Ptx.evaluate("neg." + type, type, Ptx.types(type), values);
    for (int i = 0; i < values.length; i++) {
      assertEquals(values[i][0] & ~sign, absolutes[i]);
      assertEquals(values[i][0] ^ sign, negated[i]);
    }
  }
}
