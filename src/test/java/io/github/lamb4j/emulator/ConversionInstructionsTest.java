package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares {@code cvt} with values computed in Java. */
class ConversionInstructionsTest {

  private static final long[] WHOLE_EDGES = {
    0,
    1,
    -1,
    127,
    128,
    -128,
    -129,
    255,
    256,
    32767,
    32768,
    -32768,
    -32769,
    65535,
    65536,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 31,
    0xffffffffL,
    1L << 32,
    16777217,
    33554435,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    (1L << 53) + 1,
    0x7fffffbfffffffffL,
    0x8000008000000001L
  };

  /** The value of a half, from the definition of the format. */
  private static double half(int bits) {
    int exponent = bits >> 10 & 31;
    int fraction = bits & 1023;
    double size =
        exponent == 31
            ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
            : exponent == 0
                ? fraction / 1024.0 * Math.pow(2, -14)
                : (1 + fraction / 1024.0) * Math.pow(2, exponent - 15);
    return bits >> 15 == 0 ? size : -size;
  }

  private static double brain(int bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  private static double value(int bits, Type type) {
    return type == Type.F16 ? half(bits) : brain(bits);
  }

  private static long bits(double value) {
    return Float.floatToRawIntBits((float) value) & 0xffffffffL;
  }

  @ParameterizedTest
  @EnumSource(
      value = Type.class,
      names = {"F16", "BF16"})
  void shouldWidenEveryHalf(Type type) {
    long[][] all = Ptx.singles(LongStream.range(0, 65536).toArray());
    long[] wide = Ptx.evaluate("cvt.f32." + type, Type.F32, Ptx.types(type), all);
    for (int i = 0; i < all.length; i++) {
      double expected = value(i, type);
      assertEquals(
          expected != expected ? 0x7fffffffL : bits(expected), wide[i], "0x%x".formatted(i));
    }
  }

  /** Tries every half, its midpoint with the next one, and the neighbors of the midpoint. */
  @ParameterizedTest
  @EnumSource(
      value = Type.class,
      names = {"F16", "BF16"})
  void shouldRoundToEveryHalf(Type type) {
    int infinity = type == Type.F16 ? 0x7c00 : 0x7f80;
    List<long[]> values = new ArrayList<>();
    List<Integer> nearest = new ArrayList<>();
    List<Integer> down = new ArrayList<>();
    List<Integer> up = new ArrayList<>();
    for (int i = 0; i < infinity; i++) {
      double here = value(i, type);
      double next = i + 1 < infinity ? value(i + 1, type) : here + (here - value(i - 1, type));
      float middle = (float) ((here + next) / 2);
      // The midpoint below the smallest bfloat16 subnormal is still a binary32 subnormal.
      assertEquals((here + next) / 2, middle);
      for (float x :
          new float[] {(float) here, Math.nextDown(middle), middle, Math.nextUp(middle)}) {
        values.add(new long[] {bits(x)});
        int even = (i & 1) == 0 ? i : i + 1;
        nearest.add(x < middle ? i : x > middle ? i + 1 : even);
        down.add(i);
        up.add(x == here ? i : i + 1);
      }
    }
    long[][] positive = values.toArray(long[][]::new);
    long[][] negative = new long[positive.length][];
    for (int i = 0; i < positive.length; i++) negative[i] = new long[] {positive[i][0] | 1L << 31};
    String to = type + ".f32";
    check(nearest, 0, Ptx.evaluate("cvt.rn." + to, type, Ptx.types(Type.F32), positive));
    check(nearest, 0x8000, Ptx.evaluate("cvt.rn." + to, type, Ptx.types(Type.F32), negative));
    check(down, 0, Ptx.evaluate("cvt.rz." + to, type, Ptx.types(Type.F32), positive));
    check(down, 0x8000, Ptx.evaluate("cvt.rz." + to, type, Ptx.types(Type.F32), negative));
    check(up, 0, Ptx.evaluate("cvt.rp." + to, type, Ptx.types(Type.F32), positive));
    check(up, 0x8000, Ptx.evaluate("cvt.rm." + to, type, Ptx.types(Type.F32), negative));
  }

  private static void check(List<Integer> expected, int sign, long[] actual) {
    for (int i = 0; i < actual.length; i++) {
      assertEquals(expected.get(i) | sign, (int) actual[i]);
    }
  }

  @Test
  void shouldNarrowSpecialValues() {
    long[][] values = Ptx.singles(0x7f800000L, 0xff800000L, 0x7fc00001L, 0x80000000L, 0x7f7fffffL);
    long[] halves = Ptx.evaluate("cvt.rn.f16.f32", Type.F16, Ptx.types(Type.F32), values);
    assertEquals(List.of(0x7c00L, 0xfc00L, 0x7fffL, 0x8000L, 0x7c00L), list(halves));
    long[] zero = Ptx.evaluate("cvt.rz.f16.f32", Type.F16, Ptx.types(Type.F32), values);
    assertEquals(List.of(0x7c00L, 0xfc00L, 0x7fffL, 0x8000L, 0x7bffL), list(zero));
  }

  private static List<Long> list(long[] values) {
    return LongStream.of(values).boxed().toList();
  }

  @Test
  void shouldWidenFloatsToDoubles() {
    float[] floats = {0, -0.0f, 1, -3.1f, Float.MIN_VALUE, -Float.MIN_NORMAL, Float.MAX_VALUE};
    for (float x : floats) {
      long[] wide =
          Ptx.evaluate("cvt.f64.f32", Type.F64, Ptx.types(Type.F32), Ptx.singles(bits(x)));
      assertEquals(Double.doubleToRawLongBits(x), wide[0]);
    }
    long[][] infinity = Ptx.singles(0xff800000L);
    long[] wide = Ptx.evaluate("cvt.f64.f32", Type.F64, Ptx.types(Type.F32), infinity);
    assertEquals(0xfff0_0000_0000_0000L, wide[0]);
  }

  @Test
  void shouldPackTwoHalves() {
    long[] packed =
        Ptx.evaluate(
            "cvt.rn.bf16x2.f32",
            Type.B32,
            Ptx.types(Type.F32, Type.F32),
            new long[] {bits(1), bits(-2)});
    assertEquals(0x3f80c000L, packed[0]);
  }

  @ParameterizedTest
  @CsvSource({"n, HALF_EVEN", "z, DOWN", "m, FLOOR", "p, CEILING"})
  void shouldRoundToIntegers(String letter, RoundingMode mode) {
    double[] values = {
      0,
      -0.0,
      0.5,
      1.5,
      2.5,
      -0.5,
      -1.5,
      -2.5,
      0.49999997,
      126.5,
      127.5,
      128,
      -128.5,
      -129,
      255.5,
      32767.5,
      -32769,
      65535.5,
      65536,
      2147483520,
      2147483648.0,
      -2147483648.0,
      -2147483904.0,
      4294967040.0,
      4294967296.0,
      9.223371e18,
      9.223372e18,
      -9.223372e18,
      1.8446743e19,
      1.8446744e19,
      1e30,
      -1e30,
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      Float.MIN_VALUE
    };
    for (Type to :
        new Type[] {Type.S8, Type.U8, Type.S16, Type.U16, Type.S32, Type.U32, Type.S64, Type.U64}) {
      for (Type from : new Type[] {Type.F32, Type.F64}) {
        long[][] operands = new long[values.length][];
        for (int i = 0; i < values.length; i++) {
          operands[i] =
              new long[] {
                from == Type.F32 ? bits(values[i]) : Double.doubleToRawLongBits(values[i])
              };
        }
        String name = "cvt.r%si.%s.%s".formatted(letter, to, from);
        Type register = to.bits == 8 ? Type.B16 : to;
        long[] results = Ptx.evaluate(name, register, Ptx.types(from), operands);
        for (int i = 0; i < values.length; i++) {
          double value = from == Type.F32 ? (float) values[i] : values[i];
          long expected = clamped(value, to, mode) & register.mask;
          assertEquals(expected, results[i], name + " of " + value);
        }
      }
    }
  }

  private static long clamped(double value, Type to, RoundingMode mode) {
    BigInteger least = to.signed ? BigInteger.TWO.pow(to.bits - 1).negate() : BigInteger.ZERO;
    BigInteger most =
        BigInteger.TWO.pow(to.signed ? to.bits - 1 : to.bits).subtract(BigInteger.ONE);
    if (Double.isInfinite(value)) return (value > 0 ? most : least).longValue();
    BigInteger whole = new BigDecimal(value).setScale(0, mode).toBigIntegerExact();
    return whole.max(least).min(most).longValue();
  }

  @Test
  void shouldConvertNansToIntegers() {
    long[][] nan = Ptx.singles(0x7fc00000L);
    long[][] wideNan = Ptx.singles(0x7ff8000000000000L);
    assertEquals(0, Ptx.evaluate("cvt.rzi.s32.f32", Type.S32, Ptx.types(Type.F32), nan)[0]);
    assertEquals(0, Ptx.evaluate("cvt.rni.u32.f32", Type.U32, Ptx.types(Type.F32), nan)[0]);
    assertEquals(
        Long.MIN_VALUE, Ptx.evaluate("cvt.rzi.s64.f32", Type.S64, Ptx.types(Type.F32), nan)[0]);
    assertEquals(
        0x80000000L, Ptx.evaluate("cvt.rzi.s32.f64", Type.S32, Ptx.types(Type.F64), wideNan)[0]);
  }

  @ParameterizedTest
  @CsvSource({"n, HALF_EVEN", "z, DOWN", "m, FLOOR", "p, CEILING"})
  void shouldRoundFromIntegers(String letter, RoundingMode mode) {
    for (Type from : new Type[] {Type.S32, Type.U32, Type.S64, Type.U64}) {
      for (Type to : new Type[] {Type.F32, Type.F64}) {
        long[][] operands =
            Ptx.singles(LongStream.of(WHOLE_EDGES).map(v -> v & from.mask).toArray());
        String name = "cvt.r%s.%s.%s".formatted(letter, to, from);
        long[] results = Ptx.evaluate(name, to, Ptx.types(from), operands);
        for (int i = 0; i < operands.length; i++) {
          BigInteger exact = BigInteger.valueOf(from.extend(operands[i][0]));
          if (!from.signed && exact.signum() < 0) exact = exact.add(BigInteger.TWO.pow(64));
          double value =
              to == Type.F32
                  ? Float.intBitsToFloat((int) results[i])
                  : Double.longBitsToDouble(results[i]);
          int digits = to == Type.F32 ? 24 : 53;
          int drop = Math.max(0, exact.abs().bitLength() - digits);
          BigDecimal unit = new BigDecimal(BigInteger.TWO.pow(drop));
          BigDecimal expected = new BigDecimal(exact).divide(unit).setScale(0, mode).multiply(unit);
          assertEquals(0, expected.compareTo(new BigDecimal(value)), name + " of " + exact);
        }
      }
    }
  }

  @Test
  void shouldExtendAndTruncateIntegers() {
    Type[] types = {Type.S8, Type.U8, Type.S16, Type.U16, Type.S32, Type.U32, Type.S64, Type.U64};
    for (Type from : types) {
      for (Type to : types) {
        long[][] operands =
            Ptx.singles(LongStream.of(WHOLE_EDGES).map(v -> v & from.mask).toArray());
        Type source = from.bits == 8 ? Type.B16 : from;
        Type register = to.bits == 8 ? Type.B16 : to;
        String name = "cvt.%s.%s".formatted(to, from);
        long[] plain = Ptx.evaluate(name, register, Ptx.types(source), operands);
        long[] clamped =
            Ptx.evaluate(
                "cvt.sat.%s.%s".formatted(to, from), register, Ptx.types(source), operands);
        for (int i = 0; i < operands.length; i++) {
          long bits = operands[i][0];
          BigInteger value =
              from.signed || bits >= 0
                  ? BigInteger.valueOf(from.extend(bits))
                  : BigInteger.valueOf(bits).add(BigInteger.TWO.pow(64));
          assertEquals(to.extend(value.longValue()) & register.mask, plain[i], name);
          BigInteger least = to.signed ? BigInteger.TWO.pow(to.bits - 1).negate() : BigInteger.ZERO;
          BigInteger most =
              BigInteger.TWO.pow(to.signed ? to.bits - 1 : to.bits).subtract(BigInteger.ONE);
          long expected = value.max(least).min(most).longValue() & register.mask;
          assertEquals(expected, clamped[i], "sat " + name + " of " + value);
        }
      }
    }
  }

  @Test
  void shouldNarrowDoublesInEveryDirection() {
    long[] doubles =
        LongStream.of(
                0x3ff0000010000000L,
                0x3ff0000030000000L,
                0x3ff0000000000001L,
                0x7fefffffffffffffL,
                1L,
                0x36a0000000000000L,
                0x369fffffffffffffL,
                0x3690000000000000L)
            .flatMap(b -> LongStream.of(b, b | Long.MIN_VALUE))
            .toArray();
    for (String letter : List.of("n", "z", "m", "p")) {
      long[] results =
          Ptx.evaluate(
              "cvt.r%s.f32.f64".formatted(letter),
              Type.F32,
              Ptx.types(Type.F64),
              Ptx.singles(doubles));
      for (int i = 0; i < doubles.length; i++) {
        double exact = Double.longBitsToDouble(doubles[i]);
        float result = Float.intBitsToFloat((int) results[i]);
        float below = (float) exact <= exact ? (float) exact : Math.nextDown((float) exact);
        float above = (float) exact >= exact ? (float) exact : Math.nextUp((float) exact);
        float expected =
            switch (letter) {
              case "n" -> (float) exact;
              case "z" -> exact > 0 ? below : above;
              case "m" -> below;
              default -> above;
            };
        assertEquals(
            Float.floatToRawIntBits(expected),
            Float.floatToRawIntBits(result),
            letter + " of " + exact);
      }
    }
  }

  @Test
  void shouldRoundDoublesToHalvesOnce() {
    // Just above the midpoint of two halves: rounded to float first, it would become the midpoint.
    long[][] values = Ptx.singles(Double.doubleToRawLongBits(1 + 0x1p-11 + 0x1p-40));
    assertEquals(0x3c01, Ptx.evaluate("cvt.rn.f16.f64", Type.F16, Ptx.types(Type.F64), values)[0]);
    values = Ptx.singles(Double.doubleToRawLongBits(2.5));
    long even = Double.doubleToRawLongBits(2);
    assertEquals(even, Ptx.evaluate("cvt.rni.f64.f64", Type.F64, Ptx.types(Type.F64), values)[0]);
  }

  @Test
  void shouldSaturateConversions() {
    Type[] f64 = Ptx.types(Type.F64);
    long[][] values = {
      {Double.doubleToRawLongBits(1.5)},
      {Double.doubleToRawLongBits(-1.5)},
      {Double.doubleToRawLongBits(Double.NaN)},
      {Double.doubleToRawLongBits(0.25)}
    };
    long[] results = Ptx.evaluate("cvt.rn.sat.f32.f64", Type.F32, f64, values);
    assertEquals(List.of(bits(1), 0L, 0L, bits(0.25)), list(results));
  }

  @Test
  void shouldRoundWithinAFormat() {
    long[][] values = Ptx.singles(bits(2.5), bits(-2.5), bits(-0.25), bits(1e20));
    long[] even = Ptx.evaluate("cvt.rni.f32.f32", Type.F32, Ptx.types(Type.F32), values);
    assertEquals(List.of(bits(2), bits(-2), bits(-0.0), bits(1e20)), list(even));
    long[] up = Ptx.evaluate("cvt.rpi.f32.f32", Type.F32, Ptx.types(Type.F32), values);
    assertEquals(List.of(bits(3), bits(-2), bits(-0.0), bits(1e20)), list(up));
  }
}
