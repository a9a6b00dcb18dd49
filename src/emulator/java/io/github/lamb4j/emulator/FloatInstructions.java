package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.Instructions.Binary;
import io.github.lamb4j.emulator.Instructions.Ternary;
import io.github.lamb4j.emulator.Instructions.Unary;
import java.util.Map;
import java.util.function.Function;

/**
 * Floating-point arithmetic with subnormals or, with {@code .ftz}, without: operands and results
 * that are subnormal become zeros of the same sign.
 *
 * <p>An add, sub or mul without a rounding modifier is taken as {@code .rn}. A GPU's assembler may
 * contract a mul and an add into a fused multiply-add, so its results may differ in the last bit.
 * The library's own kernels name the rounding of each operation for that reason.
 */
final class FloatInstructions {

  private static final int CANONICAL_NAN = 0x7fffffff;
  private static final long DEFAULT_NAN = 0xfff8_0000_0000_0000L;
  private static final long QUIET = 0x0008_0000_0000_0000L;

  interface FloatUnary {
    float apply(float a);
  }

  interface FloatBinary {
    float apply(float a, float b);
  }

  interface FloatTernary {
    float apply(float a, float b, float c);
  }

  interface DoubleUnary {
    double apply(double a);
  }

  interface DoubleBinary {
    double apply(double a, double b);
  }

  interface DoubleTernary {
    double apply(double a, double b, double c);
  }

  private final Map<String, Function<Operands, Operation>> table;

  private FloatInstructions(Map<String, Function<Operands, Operation>> table) {
    this.table = table;
  }

  static void addTo(Map<String, Function<Operands, Operation>> table) {
    FloatInstructions add = new FloatInstructions(table);
    add.singles();
    add.doubles();
    add.signs();
  }

  /** The bits of a result. Every NaN becomes the canonical one. */
  static long bits(float value) {
    return value != value ? CANONICAL_NAN : Float.floatToRawIntBits(value) & 0xffffffffL;
  }

  private void singles() {
    for (String rounding : new String[] {"", ".rn"}) {
      single("add" + rounding, (a, b) -> a + b);
      single("sub" + rounding, (a, b) -> a - b);
      single("mul" + rounding, (a, b) -> a * b);
    }
    single("fma.rn", (a, b, c) -> Math.fma(a, b, c));
    single("mad.rn", (a, b, c) -> Math.fma(a, b, c));
    flushing("div.rn", (a, b) -> a / b);
    flushing("rcp.rn", a -> 1.0f / a);
    // Rounding the binary64 root of a binary32 once more gives the correctly rounded root.
    flushing("sqrt.rn", a -> (float) Math.sqrt(a));
    flushing("min", (a, b) -> a != a ? b : b != b ? a : Math.min(a, b));
    flushing("max", (a, b) -> a != a ? b : b != b ? a : Math.max(a, b));
    table.put("min.NaN.f32", f32((a, b) -> Math.min(a, b)));
    table.put("max.NaN.f32", f32((a, b) -> Math.max(a, b)));
    table.put("min.ftz.NaN.f32", f32((a, b) -> Math.min(flush(a), flush(b))));
    table.put("max.ftz.NaN.f32", f32((a, b) -> Math.max(flush(a), flush(b))));
    DirectedInstructions.addTo(table);
  }

  private void doubles() {
    for (String rounding : new String[] {"", ".rn"}) {
      table.put("add%s.f64".formatted(rounding), f64((a, b) -> a + b));
      table.put("sub%s.f64".formatted(rounding), f64((a, b) -> a - b));
      table.put("mul%s.f64".formatted(rounding), f64((a, b) -> a * b));
    }
    table.put("fma.rn.f64", f64((a, b, c) -> Math.fma(a, b, c)));
    table.put("mad.rn.f64", f64((a, b, c) -> Math.fma(a, b, c)));
    table.put("div.rn.f64", f64((a, b) -> a / b));
    table.put("rcp.rn.f64", f64(a -> 1.0 / a));
    table.put("sqrt.rn.f64", f64(a -> Math.sqrt(a)));
    table.put("min.f64", f64((a, b) -> a != a ? b : b != b ? a : Math.min(a, b)));
    table.put("max.f64", f64((a, b) -> a != a ? b : b != b ? a : Math.max(a, b)));
  }

  private void signs() {
    for (Type type : new Type[] {Type.F32, Type.F64}) {
      long sign = 1L << type.bits - 1;
      Binary copySign = (a, b) -> a & sign | b & ~sign;
      table.put("abs." + type, Instructions.unary(type, type, a -> a & ~sign));
      table.put("neg." + type, Instructions.unary(type, type, a -> a ^ sign));
      if (type == Type.F32) {
        table.put("abs.ftz.f32", Instructions.unary(type, type, a -> flushBits(a) & ~sign));
        table.put("neg.ftz.f32", Instructions.unary(type, type, a -> flushBits(a) ^ sign));
      }
      table.put("copysign." + type, Instructions.binary(type, type, type, copySign));
    }
  }

  private void single(String name, FloatBinary f) {
    flushing(name, f);
    table.put(name + ".sat.f32", f32((a, b) -> saturate(f.apply(a, b))));
    table.put(name + ".ftz.sat.f32", f32((a, b) -> saturate(f.apply(flush(a), flush(b)))));
  }

  private void single(String name, FloatTernary f) {
    FloatTernary flushed = (a, b, c) -> flush(f.apply(flush(a), flush(b), flush(c)));
    table.put(name + ".f32", f32(f));
    table.put(name + ".ftz.f32", f32(flushed));
    table.put(name + ".sat.f32", f32((a, b, c) -> saturate(f.apply(a, b, c))));
    table.put(name + ".ftz.sat.f32", f32((a, b, c) -> saturate(flushed.apply(a, b, c))));
  }

  private void flushing(String name, FloatUnary f) {
    table.put(name + ".f32", f32(f));
    table.put(name + ".ftz.f32", f32(a -> flush(f.apply(flush(a)))));
  }

  private void flushing(String name, FloatBinary f) {
    table.put(name + ".f32", f32(f));
    table.put(name + ".ftz.f32", f32((a, b) -> flush(f.apply(flush(a), flush(b)))));
  }

  /** Replaces a subnormal by a zero of the same sign. */
  static float flush(float value) {
    return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
  }

  /** Clamps to [0, 1]; NaN becomes 0. */
  static float saturate(float value) {
    return value > 0 ? Math.min(value, 1) : 0;
  }

  static long flushBits(long single) {
    return (single & 0x7f800000L) == 0 ? single & 0x80000000L : single;
  }

  static float single(long bits) {
    return Float.intBitsToFloat((int) bits);
  }

  static Function<Operands, Operation> f32(FloatUnary f) {
    return Instructions.unary(Type.F32, Type.F32, a -> bits(f.apply(single(a))));
  }

  static Function<Operands, Operation> f32(FloatBinary f) {
    Binary of = (a, b) -> bits(f.apply(single(a), single(b)));
    return Instructions.binary(Type.F32, Type.F32, Type.F32, of);
  }

  static Function<Operands, Operation> f32(FloatTernary f) {
    Ternary of = (a, b, c) -> bits(f.apply(single(a), single(b), single(c)));
    return Instructions.ternary(Type.F32, Type.F32, Type.F32, Type.F32, of);
  }

  static Function<Operands, Operation> f64(DoubleUnary f) {
    Unary of = a -> bits(f.apply(Double.longBitsToDouble(a)), a, a, a);
    return Instructions.unary(Type.F64, Type.F64, of);
  }

  private static Function<Operands, Operation> f64(DoubleBinary f) {
    Binary of =
        (a, b) -> bits(f.apply(Double.longBitsToDouble(a), Double.longBitsToDouble(b)), a, b, b);
    return Instructions.binary(Type.F64, Type.F64, Type.F64, of);
  }

  private static Function<Operands, Operation> f64(DoubleTernary f) {
    Ternary of =
        (a, b, c) -> {
          double x = Double.longBitsToDouble(a);
          return bits(f.apply(x, Double.longBitsToDouble(b), Double.longBitsToDouble(c)), a, b, c);
        };
    return Instructions.ternary(Type.F64, Type.F64, Type.F64, Type.F64, of);
  }

  /** Returns the first operand that is NaN, as a GPU does; Java does not specify which. */
  private static long bits(double value, long a, long b, long c) {
    if (value == value) return Double.doubleToRawLongBits(value);
    for (long operand : new long[] {a, b, c}) {
      double x = Double.longBitsToDouble(operand);
      if (x != x) return operand | QUIET;
    }
    return DEFAULT_NAN;
  }
}
