package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Comparisons, selections and predicate logic. */
class PredicateInstructionsTest {

  private static final double[] DOUBLES = {
    0, -0.0, 1, -1, 1e-40, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN
  };

  @ParameterizedTest
  @CsvSource({"F32", "F64"})
  void shouldCompareFloatsWithAndWithoutNans(Type type) {
    String[] names = {
      "eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"
    };
    long[] values = new long[DOUBLES.length];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          type == Type.F64
              ? Double.doubleToRawLongBits(DOUBLES[i])
              : Float.floatToRawIntBits((float) DOUBLES[i]) & 0xffffffffL;
    }
    long[][] pairs = Ptx.pairs(values, values);
    for (String name : names) {
      String opcode = "setp.%s.%s".formatted(name, type);
      long[] results = Ptx.evaluate(opcode, Type.PRED, Ptx.types(type, type), pairs);
      for (int i = 0; i < pairs.length; i++) {
        double a = DOUBLES[i / values.length];
        double b = DOUBLES[i % values.length];
        boolean nan = Double.isNaN(a) || Double.isNaN(b);
        boolean zero = a == 0 && b == 0;
        int order = zero ? 0 : Double.compare(a, b);
        boolean expected =
            switch (name.substring(0, 2)) {
              case "eq" -> order == 0;
              case "ne" -> order != 0;
              case "lt" -> order < 0;
              case "le" -> order <= 0;
              case "gt" -> order > 0;
              case "ge" -> order >= 0;
              default -> name.equals("num");
            };
        if (nan) expected = name.length() == 3 && !name.equals("num");
        assertEquals(expected ? 1 : 0, results[i], "%s %s %s".formatted(opcode, a, b));
      }
    }
  }

  @Test
  void shouldCompareIntegersBySign() {
    Type[] types = {Type.U16, Type.S16, Type.U32, Type.S32, Type.U64, Type.S64};
    for (Type type : types) {
      long[] values = {0, 1, type.mask, type.mask >>> 1, (type.mask >>> 1) + 1, type.mask - 1};
      long[][] pairs = Ptx.pairs(values, values);
      for (String name : new String[] {"eq", "ne", "lt", "le", "gt", "ge"}) {
        String opcode = "setp.%s.%s".formatted(name, type);
        long[] results = Ptx.evaluate(opcode, Type.PRED, Ptx.types(type, type), pairs);
        for (int i = 0; i < pairs.length; i++) {
          int order = exact(pairs[i][0], type).compareTo(exact(pairs[i][1], type));
          boolean expected =
              switch (name) {
                case "eq" -> order == 0;
                case "ne" -> order != 0;
                case "lt" -> order < 0;
                case "le" -> order <= 0;
                case "gt" -> order > 0;
                default -> order >= 0;
              };
          assertEquals(expected ? 1 : 0, results[i], opcode);
        }
      }
    }
  }

  private static BigInteger exact(long bits, Type type) {
    BigInteger value = new BigInteger(Long.toUnsignedString(bits));
    boolean negative = type.signed && value.testBit(type.bits - 1);
    return negative ? value.subtract(BigInteger.TWO.pow(type.bits)) : value;
  }

  @ParameterizedTest
  @CsvSource({
    "setp.lt.and.s32 %p0|%p1; $1; $2; %p2, 1 0 0 0, 0 0 1 0",
    "setp.lt.or.s32 %p0|%p1; $1; $2; %p2, 1 1 1 0, 1 0 1 1",
    "setp.lt.xor.s32 %p0|%p1; $1; $2; %p2, 0 1 1 0, 1 0 0 1",
    "setp.lt.and.s32 %p0|%p1; $1; $2; !%p2, 0 1 0 0, 0 0 0 1"
  })
  void shouldCombineComparisons(String instruction, String first, String second) {
    // less with c, less without c, not less with c, not less without c
    long[][] values = {{1, 2, 1}, {1, 2, 0}, {2, 1, 1}, {2, 1, 0}};
    Type[] types = Ptx.types(Type.S32, Type.S32, Type.S32);
    String set = "setp.ne.s32 %p2, $3, 0;\n" + instruction.replace(';', ',');
    for (int i = 0; i < 2; i++) {
      String text = set + ";\nselp.b32 $0, 1, 0, %p" + i;
      long[] results = Ptx.evaluate(text, Type.U32, types, values);
      String[] expected = (i == 0 ? first : second).split(" ");
      for (int v = 0; v < 4; v++) assertEquals(Long.parseLong(expected[v]), results[v]);
    }
  }

  @ParameterizedTest
  @CsvSource({"and.pred, 1 0 0 0", "or.pred, 1 1 1 0", "xor.pred, 0 1 1 0"})
  void shouldCombinePredicates(String opcode, String expected) {
    long[][] values = {{1, 1}, {1, 0}, {0, 1}, {0, 0}};
    long[] results = Ptx.evaluate(opcode, Type.PRED, Ptx.types(Type.PRED, Type.PRED), values);
    String[] words = expected.split(" ");
    for (int i = 0; i < 4; i++) assertEquals(Long.parseLong(words[i]), results[i]);
  }

  @Test
  void shouldInvertAndMovePredicates() {
    long[][] values = {{1}, {0}};
    long[] inverted = Ptx.evaluate("not.pred", Type.PRED, Ptx.types(Type.PRED), values);
    long[] moved = Ptx.evaluate("mov.pred", Type.PRED, Ptx.types(Type.PRED), values);
    assertEquals(0, inverted[0]);
    assertEquals(1, inverted[1]);
    assertEquals(1, moved[0]);
    assertEquals(0, moved[1]);
  }

  @ParameterizedTest
  @EnumSource(names = {"B16", "U16", "B32", "U32", "F32", "B64", "F64"})
  void shouldSelect(Type type) {
    long first = 0x3ff4_5678_9abc_def0L & type.mask;
    long second = 0x8765_4321_0fed_cba9L & type.mask;
    long[][] values = {{first, second, 1}, {first, second, 0}};
    long[] results = Ptx.evaluate("selp." + type, type, Ptx.types(type, type, Type.PRED), values);
    assertEquals(first, results[0]);
    assertEquals(second, results[1]);
  }

  @Test
  void shouldSelectBySign() {
    Type[] types = Ptx.types(Type.B32, Type.B32, Type.S32);
    long[] results =
        Ptx.evaluate(
            "slct.u32.s32", Type.B32, types, new long[] {5, 6, 0}, new long[] {5, 6, 0xffffffffL});
    assertEquals(5, results[0]);
    assertEquals(6, results[1]);
  }

  @ParameterizedTest
  @CsvSource({
    "finite, 1 1 1 0 0",
    "infinite, 0 0 0 1 0",
    "number, 1 1 1 1 0",
    "notanumber, 0 0 0 0 1",
    "normal, 0 0 1 0 0",
    "subnormal, 0 1 0 0 0"
  })
  void shouldClassifyFloats(String kind, String expected) {
    long[][] singles = Ptx.singles(0x80000000L, 1, 0x3f800000L, 0xff800000L, 0x7fc00000L);
    long[][] doubles =
        Ptx.singles(Long.MIN_VALUE, 1, 0x3ffL << 52, 0xfffL << 52, 0x7ff8L << 48 | 1);
    String test = "testp.%s.".formatted(kind);
    long[] ofSingles = Ptx.evaluate(test + "f32", Type.PRED, Ptx.types(Type.F32), singles);
    long[] ofDoubles = Ptx.evaluate(test + "f64", Type.PRED, Ptx.types(Type.F64), doubles);
    String[] words = expected.split(" ");
    for (int i = 0; i < 5; i++) {
      assertEquals(Long.parseLong(words[i]), ofSingles[i]);
      assertEquals(Long.parseLong(words[i]), ofDoubles[i]);
    }
  }

  @Test
  void shouldSetWordsByComparison() {
    Type[] types = Ptx.types(Type.F32, Type.F32);
    long one = 0x3f800000L;
    assertEquals(
        0xffffffffL, Ptx.evaluate("set.gt.u32.f32", Type.U32, types, new long[] {one, 0})[0]);
    assertEquals(one, Ptx.evaluate("set.gt.f32.f32", Type.F32, types, new long[] {one, 0})[0]);
    assertEquals(0, Ptx.evaluate("set.gt.f32.f32", Type.F32, types, new long[] {0, one})[0]);
    Type[] wide = Ptx.types(Type.F64, Type.F64);
    long[] unordered = {Double.doubleToRawLongBits(Double.NaN), 0};
    assertEquals(0xffffffffL, Ptx.evaluate("set.gtu.u32.f64", Type.U32, wide, unordered)[0]);
    assertEquals(0, Ptx.evaluate("set.gt.u32.f64", Type.U32, wide, unordered)[0]);
  }
}
