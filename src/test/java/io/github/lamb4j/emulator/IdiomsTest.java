package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Instruction sequences that nvcc generates for C++ operations without a PTX instruction. */
class IdiomsTest {

  private static final double[] DOUBLES = {
    0,
    -0.0,
    Double.MIN_VALUE,
    -Double.MIN_NORMAL,
    1,
    -1e300,
    Double.MAX_VALUE,
    -Double.MAX_VALUE,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Double.NaN,
    Double.longBitsToDouble(0xfff0_0000_0000_0001L)
  };

  private static long[][] bits(double... values) {
    long[][] bits = new long[values.length][];
    for (int i = 0; i < values.length; i++) {
      bits[i] = new long[] {Double.doubleToRawLongBits(values[i])};
    }
    return bits;
  }

  /** {@code __float2half_rn} and {@code __half2float} are inline assembly in braces. */
  @Test
  void shouldConvertEveryHalfToFloatAndBack() {
    String there = "{ cvt.f32.f16 %r2, $1;}\n{ cvt.rn.f16.f32 $0, %r2;}\nmov.b16 $0, $0";
    long[][] all = Ptx.singles(LongStream.range(0, 65536).toArray());
    long[] back = Ptx.evaluate(there, Type.F16, Ptx.types(Type.F16), all);
    for (int half = 0; half < back.length; half++) {
      boolean nan = (half & 0x7fff) > 0x7c00;
      assertEquals(nan ? 0x7fff : half, back[half]);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "65504, 7bff",
    "65519.996, 7bff",
    "65520, 7c00", // midpoint of the largest half and its successor
    "-65520, fc00",
    "3.4e38, 7c00",
    "6.1035156e-5, 0400", // 2^-14, the smallest normal
    "6.1005353e-5, 0400", // 2^-14 - 2^-25, a tie: to even
    "6.100535e-5, 03ff",
    "5.9604645e-8, 0001", // 2^-24, the smallest subnormal
    "2.9802322e-8, 0000", // 2^-25, a tie: to zero
    "2.9802326e-8, 0001",
    "8.940697e-8, 0002", // 1.5 * 2^-24
    "-2.9802322e-8, 8000",
    "1.4e-45, 0000"
  })
  void shouldRoundToHalvesAtTheLimits(float value, String half) {
    long expected = Long.parseLong(half, 16);
    long[][] operand = Ptx.singles(Float.floatToRawIntBits(value) & 0xffffffffL);
    assertEquals(
        expected, Ptx.evaluate("cvt.rn.f16.f32", Type.F16, Ptx.types(Type.F32), operand)[0]);
  }

  /** {@code (bits + 0x7fff + (bits >> 16 & 1)) >> 16}; every NaN becomes a quiet NaN. */
  @Test
  void shouldRoundToBfloat16WithIntegers() {
    String rounding =
        """
        and.b32 %r2, $1, 2147483647;
        setp.gt.u32 %p2, %r2, 2139095040;
        shr.u32 %r3, $1, 16;
        or.b32 %r4, %r3, 64;
        and.b32 %r5, %r3, 1;
        add.s32 %r6, $1, %r5;
        add.s32 %r6, %r6, 32767;
        shr.u32 %r6, %r6, 16;
        selp.b32 %r7, %r4, %r6, %p2;
        cvt.u16.u32 $0, %r7""";
    long[][] floats = floats();
    Type[] f32 = Ptx.types(Type.F32);
    long[] byIntegers = Ptx.evaluate(rounding, Type.BF16, f32, floats);
    long[] converted = Ptx.evaluate("cvt.rn.bf16.f32", Type.BF16, f32, floats);
    for (int i = 0; i < floats.length; i++) {
      long bits = floats[i][0];
      boolean nan = (bits & 0x7fffffff) > 0x7f800000;
      long expected = nan ? bits >> 16 | 0x40 : converted[i];
      assertEquals(expected, byIntegers[i], () -> "%08x".formatted(bits));
    }
  }

  /** Values around ties of the rounding to 16 bits, and random values. */
  private static long[][] floats() {
    List<Long> floats = new ArrayList<>();
    long[] tops = {0, 1, 0x7f, 0x80, 0x3f80, 0x3f81, 0x7f7e, 0x7f7f, 0x7f80, 0x7f81, 0x7fc0};
    long[] ends = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    for (long top : tops) {
      for (long end : ends) {
        floats.add(top << 16 | end);
        floats.add(top << 16 | end | 0x80000000L);
      }
    }
    new Random(4).ints(2000).forEach(bits -> floats.add(bits & 0xffffffffL));
    return Ptx.singles(floats.stream().mapToLong(Long::longValue).toArray());
  }

  @ParameterizedTest
  @CsvSource({
    "lt, 7FF0000000000000, 1", // isfinite(x)
    "le, 7FEFFFFFFFFFFFFF, 1", // fabs(x) <= DBL_MAX
    "geu, 7FF0000000000000, 0", // !isfinite(x)
    "gtu, 7FEFFFFFFFFFFFFF, 0"
  })
  void shouldRecognizeFiniteDoublesByMagnitude(String comparison, String bound, long finite) {
    String test = "abs.f64 %%d2, $1;\nsetp.%s.f64 $0, %%d2, 0d%s".formatted(comparison, bound);
    long[] results = Ptx.evaluate(test, Type.PRED, Ptx.types(Type.F64), bits(DOUBLES));
    for (int i = 0; i < DOUBLES.length; i++) {
      assertEquals(Double.isFinite(DOUBLES[i]) ? finite : 1 - finite, results[i], "" + DOUBLES[i]);
    }
  }

  @Test
  void shouldDistinguishInfinitiesFromNans() {
    Type[] f64 = Ptx.types(Type.F64);
    String infinity = "abs.f64 %d2, $1;\nsetp.neu.f64 $0, %d2, 0d7FF0000000000000";
    long[] notInfinite = Ptx.evaluate(infinity, Type.PRED, f64, bits(DOUBLES));
    long[] notANumber = Ptx.evaluate("setp.nan.f64 $0, $1, $1", Type.PRED, f64, bits(DOUBLES));
    String zero = "sub.rn.f64 %d2, $1, $1;\nsetp.eq.f64 $0, %d2, 0d0000000000000000";
    long[] minusItself = Ptx.evaluate(zero, Type.PRED, f64, bits(DOUBLES));
    for (int i = 0; i < DOUBLES.length; i++) {
      double x = DOUBLES[i];
      assertEquals(Double.isInfinite(x) ? 0 : 1, notInfinite[i], "" + x);
      assertEquals(Double.isNaN(x) ? 1 : 0, notANumber[i], "" + x);
      assertEquals(Double.isFinite(x) ? 1 : 0, minusItself[i], "" + x);
    }
  }

  /** Memory that a kernel only reads may be loaded through the read-only cache. */
  @Test
  void shouldLoadReadOnlyMemory() {
    // %d10 is the address of the operands.
    long[][] operand = {{0x4444_3333_2222_1111L}};
    Type[] types = Ptx.types(Type.B64);
    String halves =
        """
        ld.global.nc.v4.u16 {%h1, %h2, %h3, %h4}, [%d10];
        mov.b64 $0, {%h4, %h3, %h2, %h1}""";
    assertEquals(0x1111_2222_3333_4444L, Ptx.evaluate(halves, Type.B64, types, operand)[0]);
    String words = "ld.global.nc.v2.u32 {%r1, %r2}, [%d10];\nmov.b64 $0, {%r2, %r1}";
    assertEquals(0x2222_1111_4444_3333L, Ptx.evaluate(words, Type.B64, types, operand)[0]);
    String scalar = "ld.global.nc.f32 %r1, [%d10+4];\ncvt.u64.u32 $0, %r1";
    assertEquals(0x4444_3333L, Ptx.evaluate(scalar, Type.B64, types, operand)[0]);
  }

  /** {@code step % capacity}: nvcc divides 32-bit values if both operands fit. */
  @Test
  void shouldComputeRingIndexes() {
    String remainder =
        """
        or.b64 %d12, $1, $2;
        and.b64 %d13, %d12, -4294967296;
        setp.eq.s64 %p2, %d13, 0;
        @%p2 bra SHORT;
        rem.u64 $0, $1, $2;
        bra.uni DONE;
        SHORT:
        cvt.u32.u64 %r12, $2;
        cvt.u32.u64 %r13, $1;
        rem.u32 %r14, %r13, %r12;
        cvt.u64.u32 $0, %r14;
        DONE:
        mov.b64 $0, $0""";
    long[] steps = {0, 1, 6, 7, 8, 0xffffffffL, 1L << 32, (1L << 32) + 5, Long.MAX_VALUE, -1};
    long[] capacities = {1, 7, 8, 0xffffffffL, (1L << 32) + 1, -1};
    long[][] pairs = Ptx.pairs(steps, capacities);
    Type[] types = Ptx.types(Type.U64, Type.U64);
    long[] places = Ptx.evaluate(remainder, Type.U64, types, pairs);
    long[] masked = Ptx.evaluate("and.b64", Type.B64, types, pairs);
    for (int i = 0; i < pairs.length; i++) {
      BigInteger step = unsigned(pairs[i][0]);
      BigInteger capacity = unsigned(pairs[i][1]);
      assertEquals(step.mod(capacity), unsigned(places[i]));
      assertEquals(step.and(capacity), unsigned(masked[i]));
    }
  }

  private static BigInteger unsigned(long bits) {
    return new BigInteger(Long.toUnsignedString(bits));
  }

  /** {@code step + 1 < limit ? step + 1 : step + 1 - limit}, of unsigned numbers. */
  @Test
  void shouldIncrementModuloALimit() {
    String next =
        """
        add.s64 %d12, $1, 1;
        setp.lt.u64 %p2, %d12, $2;
        selp.b64 %d13, 0, $2, %p2;
        sub.s64 $0, %d12, %d13""";
    long[] steps = {0, 5, 6, 0xffffffffL, Long.MAX_VALUE, Long.MIN_VALUE, -2, -1};
    long[][] pairs = Ptx.pairs(steps, new long[] {7, 1L << 32, Long.MIN_VALUE, -1});
    long[] results = Ptx.evaluate(next, Type.U64, Ptx.types(Type.U64, Type.U64), pairs);
    BigInteger modulus = BigInteger.TWO.pow(64);
    for (int i = 0; i < pairs.length; i++) {
      BigInteger limit = unsigned(pairs[i][1]);
      BigInteger sum = unsigned(pairs[i][0]).add(BigInteger.ONE).mod(modulus);
      BigInteger expected = sum.compareTo(limit) < 0 ? sum : sum.subtract(limit).mod(modulus);
      assertEquals(expected, unsigned(results[i]));
    }
  }
}
