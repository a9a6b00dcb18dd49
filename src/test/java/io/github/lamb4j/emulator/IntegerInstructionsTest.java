package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares integer results with exact ones. */
class IntegerInstructionsTest {

  private static final Type[] TYPES = {Type.U16, Type.S16, Type.U32, Type.S32, Type.U64, Type.S64};

  private static long[] values(Type type) {
    return LongStream.of(
            0,
            1,
            2,
            3,
            5,
            31,
            255,
            -1,
            -2,
            -3,
            0x7fff,
            0x8000,
            0x8001,
            0x7fffffff,
            0x80000000L,
            0x80000001L,
            0x123456789abcdef0L,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            0x5555555555555555L)
        .map(v -> v & type.mask)
        .distinct()
        .toArray();
  }

  private static BigInteger exact(long bits, Type type) {
    BigInteger value = BigInteger.valueOf(bits & type.mask);
    if (value.signum() < 0) value = value.add(BigInteger.TWO.pow(64));
    boolean negative = type.signed && value.testBit(type.bits - 1);
    return negative ? value.subtract(BigInteger.TWO.pow(type.bits)) : value;
  }

  private static long cut(BigInteger value, Type type) {
    return value.longValue() & type.mask;
  }

  @ParameterizedTest
  @CsvSource({"add", "sub", "mul.lo", "mul.hi", "min", "max", "div", "rem"})
  void shouldComputeModuloTheWidth(String name) {
    for (Type type : TYPES) {
      long[][] pairs = Ptx.pairs(values(type), values(type));
      if (name.equals("div") || name.equals("rem")) pairs = nonZero(pairs);
      long[] results = Ptx.evaluate(name + "." + type, type, Ptx.types(type, type), pairs);
      for (int i = 0; i < pairs.length; i++) {
        BigInteger a = exact(pairs[i][0], type);
        BigInteger b = exact(pairs[i][1], type);
        BigInteger expected =
            switch (name) {
              case "add" -> a.add(b);
              case "sub" -> a.subtract(b);
              case "mul.lo" -> a.multiply(b);
              case "mul.hi" -> a.multiply(b).shiftRight(type.bits);
              case "min" -> a.min(b);
              case "max" -> a.max(b);
              case "div" -> a.divide(b);
              default -> a.remainder(b);
            };
        assertEquals(cut(expected, type), results[i], name + "." + type + " " + a + " " + b);
      }
    }
  }

  private static long[][] nonZero(long[][] pairs) {
    return Arrays.stream(pairs).filter(p -> p[1] != 0).toArray(long[][]::new);
  }

  @Test
  void shouldMultiplyIntoTwiceTheWidth() {
    for (Type type : new Type[] {Type.U16, Type.S16, Type.U32, Type.S32}) {
      Type wide = type.bits == 16 ? Type.B32 : Type.B64;
      long[][] pairs = Ptx.pairs(values(type), values(type));
      long[] products = Ptx.evaluate("mul.wide." + type, wide, Ptx.types(type, type), pairs);
      long[] sums =
          Ptx.evaluate("mad.wide." + type + " $0, $1, $2, 5", wide, Ptx.types(type, type), pairs);
      for (int i = 0; i < pairs.length; i++) {
        BigInteger product = exact(pairs[i][0], type).multiply(exact(pairs[i][1], type));
        assertEquals(cut(product, wide), products[i]);
        assertEquals(cut(product.add(BigInteger.valueOf(5)), wide), sums[i]);
      }
    }
  }

  @Test
  void shouldMultiplyAndAdd() {
    for (Type type : TYPES) {
      long[][] pairs = Ptx.pairs(values(type), values(type));
      Type[] types = Ptx.types(type, type);
      long[] low = Ptx.evaluate("mad.lo." + type + " $0, $1, $2, $2", type, types, pairs);
      long[] high = Ptx.evaluate("mad.hi." + type + " $0, $1, $2, $1", type, types, pairs);
      long[] distance = Ptx.evaluate("sad." + type + " $0, $1, $2, 7", type, types, pairs);
      for (int i = 0; i < pairs.length; i++) {
        BigInteger a = exact(pairs[i][0], type);
        BigInteger b = exact(pairs[i][1], type);
        assertEquals(cut(a.multiply(b).add(b), type), low[i]);
        assertEquals(cut(a.multiply(b).shiftRight(type.bits).add(a), type), high[i]);
        assertEquals(cut(a.subtract(b).abs().add(BigInteger.valueOf(7)), type), distance[i]);
      }
    }
  }

  @Test
  void shouldSaturateSums() {
    long[][] pairs = Ptx.pairs(values(Type.S32), values(Type.S32));
    long[] results = Ptx.evaluate("add.sat.s32", Type.S32, Ptx.types(Type.S32, Type.S32), pairs);
    for (int i = 0; i < pairs.length; i++) {
      long sum = (int) pairs[i][0] + (long) (int) pairs[i][1];
      long expected =
          sum > Integer.MAX_VALUE ? Integer.MAX_VALUE : Math.max(sum, Integer.MIN_VALUE);
      assertEquals(expected & 0xffffffffL, results[i]);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Type.class,
      names = {"B16", "B32", "B64"})
  void shouldShiftPastTheWidth(Type type) {
    Type signed = Type.named("s" + type.bits);
    long[] amounts = {0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 0x80000000L, 0xffffffffL};
    long[][] pairs = Ptx.pairs(values(type), amounts);
    Type[] types = Ptx.types(type, Type.U32);
    long[] left = Ptx.evaluate("shl." + type, type, types, pairs);
    long[] right = Ptx.evaluate("shr." + type, type, types, pairs);
    long[] arithmetic = Ptx.evaluate("shr." + signed, type, types, pairs);
    for (int i = 0; i < pairs.length; i++) {
      int n = (int) Math.min(pairs[i][1], 100);
      BigInteger bits = exact(pairs[i][0], Type.named("u" + type.bits));
      assertEquals(cut(bits.shiftLeft(n), type), left[i]);
      assertEquals(cut(bits.shiftRight(n), type), right[i]);
      assertEquals(cut(exact(pairs[i][0], signed).shiftRight(n), type), arithmetic[i]);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Type.class,
      names = {"B32", "B64"})
  void shouldCountAndReverseBits(Type type) {
    long[][] values = Ptx.singles(values(type));
    long[] ones = Ptx.evaluate("popc." + type, Type.U32, Ptx.types(type), values);
    long[] zeros = Ptx.evaluate("clz." + type, Type.U32, Ptx.types(type), values);
    long[] reversed = Ptx.evaluate("brev." + type, type, Ptx.types(type), values);
    long[] highest = Ptx.evaluate("bfind.s" + type.bits, Type.U32, Ptx.types(type), values);
    long[] shift = Ptx.evaluate("bfind.shiftamt.u" + type.bits, Type.U32, Ptx.types(type), values);
    for (int i = 0; i < values.length; i++) {
      BigInteger bits = exact(values[i][0], Type.named("u" + type.bits));
      BigInteger signed = exact(values[i][0], Type.named("s" + type.bits));
      assertEquals(bits.bitCount(), ones[i]);
      assertEquals(type.bits - bits.bitLength(), zeros[i]);
      BigInteger backwards = BigInteger.ZERO;
      for (int b = 0; b < type.bits; b++) {
        if (bits.testBit(b)) backwards = backwards.setBit(type.bits - 1 - b);
      }
      assertEquals(cut(backwards, type), reversed[i]);
      assertEquals(signed.bitLength() - 1 & 0xffffffffL, highest[i]);
      long expected = bits.signum() == 0 ? -1 : type.bits - bits.bitLength();
      assertEquals(expected & 0xffffffffL, shift[i]);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Type.class,
      names = {"U32", "S32", "U64", "S64"})
  void shouldExtractAndInsertBitFields(Type type) {
    long[] places = {0, 1, 7, 31, 32, 40, 63, 64, 255};
    for (long length : new long[] {0, 1, 8, 31, 32, 33, 64, 255}) {
      long[][] pairs = Ptx.pairs(values(type), places);
      Type[] types = Ptx.types(type, Type.U32);
      long[] out = Ptx.evaluate("bfe." + type + " $0, $1, $2, " + length, type, types, pairs);
      String insert = "bfi.b" + type.bits + " $0, $1, 0x7531, $2, " + length;
      long[] in = Ptx.evaluate(insert, type, types, pairs);
      for (int i = 0; i < pairs.length; i++) {
        int from = (int) pairs[i][1];
        BigInteger bits = exact(pairs[i][0], Type.named("u" + type.bits));
        BigInteger ones = BigInteger.ONE.shiftLeft((int) length).subtract(BigInteger.ONE);
        BigInteger field = bits.shiftRight(from).and(ones);
        int top = Math.min(from + (int) length - 1, type.bits - 1);
        if (type.signed && length > 0 && bits.testBit(top)) {
          // The sign fills the bits above the field, or above the end of the value.
          int width = Math.max(0, top - from + 1);
          field = field.or(BigInteger.ONE.negate().shiftLeft(width));
        }
        assertEquals(cut(field, type), out[i], "bfe %s %s %d".formatted(bits, from, length));
        BigInteger hole = ones.shiftLeft(from);
        BigInteger filled =
            BigInteger.valueOf(0x7531).andNot(hole).or(bits.and(ones).shiftLeft(from));
        assertEquals(cut(filled, type), in[i], "bfi %s %s %d".formatted(bits, from, length));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "prmt.b32 $0; $1; $2; 0x3210, abcdef01",
    "prmt.b32 $0; $1; $2; 0x7654, 12345678",
    "prmt.b32 $0; $1; $2; 0x0426, 0178cd34",
    "prmt.b32 $0; $1; $2; 0xb80f, ff000100",
    "xor.b32 $0; $1; $2, b9f9b979",
    "and.b32 $0; $1; $2, 02044600",
    "not.b32 $0; $1, 543210fe",
    "cnot.b32 $0; $1, 00000000",
    "abs.s32 $0; $1, 543210ff",
    "neg.s32 $0; $2, edcba988"
  })
  void shouldPermuteBits(String instruction, String expected) {
    long a = 0xabcdef01L;
    long b = 0x12345678L;
    long[] results =
        Ptx.evaluate(
            instruction.replace(';', ','),
            Type.B32,
            Ptx.types(Type.B32, Type.B32),
            new long[] {a, b});
    assertEquals(Long.parseLong(expected, 16), results[0]);
  }

  @ParameterizedTest
  @CsvSource({"wrap", "clamp"})
  void shouldFunnelShift(String mode) {
    long low = 0xabcdef01L;
    long high = 0x12345678L;
    long[][] amounts = Ptx.singles(0, 1, 8, 31, 32, 33, 40, 0xffffffffL);
    for (String direction : new String[] {"l", "r"}) {
      String name = "shf.%s.%s.b32 $0, %d, %d, $1".formatted(direction, mode, low, high);
      long[] results = Ptx.evaluate(name, Type.B32, Ptx.types(Type.U32), amounts);
      for (int i = 0; i < amounts.length; i++) {
        int n = (int) (mode.equals("wrap") ? amounts[i][0] % 32 : Math.min(amounts[i][0], 32));
        BigInteger both = BigInteger.valueOf(high).shiftLeft(32).add(BigInteger.valueOf(low));
        BigInteger shifted =
            direction.equals("l") ? both.shiftLeft(n).shiftRight(32) : both.shiftRight(n);
        assertEquals(cut(shifted, Type.B32), results[i], name);
      }
    }
  }

  @Test
  void shouldLookUpEveryTruthTable() {
    long a = 0xabcdef01L;
    long b = 0x12345678L;
    long c = 0xff00ff00L;
    for (int table = 0; table < 256; table += 3) {
      String name = "lop3.b32 $0, $1, $2, 0x%x, 0x%x".formatted(c, table);
      Type[] types = Ptx.types(Type.B32, Type.B32);
      long[] results = Ptx.evaluate(name, Type.B32, types, new long[] {a, b});
      long expected = 0;
      for (int i = 0; i < 32; i++) {
        int index = (int) ((a >> i & 1) << 2 | (b >> i & 1) << 1 | c >> i & 1);
        expected |= (long) (table >> index & 1) << i;
      }
      assertEquals(expected, results[0], name);
    }
  }

  @Test
  void shouldCarryFromWordToWord() {
    long[] values = values(Type.U64);
    long[][] pairs = Ptx.pairs(values, values);
    String split =
        """
        mov.b64 {%%r1, %%r2}, $1;
        mov.b64 {%%r3, %%r4}, $2;
        %1$s.cc.u32 %%r5, %%r1, %%r3;
        %1$sc.u32 %%r6, %%r2, %%r4;
        mov.b64 $0, {%%r5, %%r6}""";
    Type[] types = Ptx.types(Type.U64, Type.U64);
    long[] sums = Ptx.evaluate(split.formatted("add"), Type.U64, types, pairs);
    long[] differences = Ptx.evaluate(split.formatted("sub"), Type.U64, types, pairs);
    for (int i = 0; i < pairs.length; i++) {
      assertEquals(pairs[i][0] + pairs[i][1], sums[i]);
      assertEquals(pairs[i][0] - pairs[i][1], differences[i]);
    }
  }

  @Test
  void shouldMultiplyTwentyFourBits() {
    Type[] two = Ptx.types(Type.S32, Type.S32);
    long[][] values = {{0x01fffffdL, 0x12345678L}};
    assertEquals(
        -3 * 0x345678 & 0xffffffffL, Ptx.evaluate("mul24.lo.s32", Type.S32, two, values)[0]);
    long product = 0xfffffdL * 0x345678L;
    assertEquals(
        product >> 16 & 0xffffffffL, Ptx.evaluate("mul24.hi.u32", Type.U32, two, values)[0]);
    long[][] three = {{5, 6, 7}};
    Type[] types = Ptx.types(Type.U32, Type.U32, Type.U32);
    assertEquals(37, Ptx.evaluate("mad24.lo.u32", Type.U32, types, three)[0]);
  }

  @Test
  void shouldAddProductsOfBytes() {
    Type[] types = Ptx.types(Type.B32, Type.B32, Type.B32);
    long[][] values = {{0xff020304L, 0x05060708L, 100}};
    assertEquals(-5 + 12 + 21 + 32 + 100, Ptx.evaluate("dp4a.s32.s32", Type.S32, types, values)[0]);
    assertEquals(
        255 * 5 + 12 + 21 + 32 + 100, Ptx.evaluate("dp4a.u32.u32", Type.U32, types, values)[0]);
  }

  @Test
  void shouldCarryBetweenHalvesOfProducts() {
    // (2^32 - 1)^2 + (2^32 - 1) + (2^32 - 1) 2^32
    String text = "mad.lo.cc.u32 %r5, $1, $1, $1;\nmadc.hi.u32 $0, $1, $1, $1";
    long[][] values = {{0xffffffffL}};
    BigInteger a = BigInteger.valueOf(0xffffffffL);
    BigInteger sum = a.multiply(a).add(a).add(a.shiftLeft(32)).shiftRight(32);
    assertEquals(
        sum.longValue() & 0xffffffffL,
        Ptx.evaluate(text, Type.U32, Ptx.types(Type.U32), values)[0]);
  }
}
