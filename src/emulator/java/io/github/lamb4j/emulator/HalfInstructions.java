package io.github.lamb4j.emulator;

import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Arithmetic of binary16 and bfloat16, and of pairs of them, rounded to nearest. */
final class HalfInstructions {

  private static final RoundingMode NEAREST = RoundingMode.HALF_EVEN;

  private HalfInstructions() {}

  static void addTo(Map<String, Function<Operands, Operation>> table) {
    for (Type type : List.of(Type.F16, Type.BF16)) {
      for (String rounding : List.of("", ".rn")) {
        binary(
            table, "add" + rounding, type, (a, b) -> sum(decode(a, type), decode(b, type), type));
        binary(
            table, "sub" + rounding, type, (a, b) -> sum(decode(a, type), -decode(b, type), type));
        binary(
            table,
            "mul" + rounding,
            type,
            (a, b) -> Floats.round(decode(a, type) * decode(b, type), type, NEAREST));
      }
      fma(table, "fma.rn", type, (a, b, c) -> fused(a, b, c, type));
      Instructions.Ternary rectified =
          (a, b, c) -> {
            long bits = fused(a, b, c, type);
            return (bits & 0x8000) != 0 && !isNan(bits, type) ? 0 : bits;
          };
      fma(table, "fma.rn.relu", type, rectified);
      binary(table, "min", type, (a, b) -> number(a, b, type, true, false));
      binary(table, "max", type, (a, b) -> number(a, b, type, false, false));
      binary(table, "min.NaN", type, (a, b) -> number(a, b, type, true, true));
      binary(table, "max.NaN", type, (a, b) -> number(a, b, type, false, true));
      long one = Floats.encode(1, type);
      PredicateInstructions.FLOATING.forEach(
          (name, test) -> {
            set(table, name, type, type + "", type + "x2", test, one);
            set(table, name, type, "u16", "u32", test, 0xffff);
            set(table, name, type, "s16", "s32", test, 0xffff);
          });
      unary(table, "neg", type, a -> a ^ 0x8000);
      unary(table, "abs", type, a -> a & 0x7fff);
    }
  }

  private static double decode(long bits, Type type) {
    return Floats.decode(bits, type);
  }

  private static boolean isNan(long bits, Type type) {
    return Double.isNaN(decode(bits, type));
  }

  static long sum(double a, double b, Type type) {
    return DirectedInstructions.sum(a, b, type, NEAREST);
  }

  private static long fused(long a, long b, long c, Type type) {
    return sum(decode(a, type) * decode(b, type), decode(c, type), type);
  }

  /** The smaller or larger operand. A single NaN is ignored unless it propagates. */
  private static long number(long a, long b, Type type, boolean min, boolean propagate) {
    boolean first = isNan(a, type);
    boolean second = isNan(b, type);
    if (first && second || propagate && (first || second)) return 0x7fff;
    if (first) return b;
    if (second) return a;
    double smaller = Math.min(decode(a, type), decode(b, type));
    boolean isFirst = Double.compare(smaller, decode(a, type)) == 0;
    return isFirst == min ? a : b;
  }

  /** {@code set} of a half, and of a pair: each half of the result is {@code yes} or zero. */
  private static void set(
      Map<String, Function<Operands, Operation>> table,
      String name,
      Type type,
      String result,
      String results,
      PredicateInstructions.FloatTest test,
      long yes) {
    Instructions.Binary single = (a, b) -> test.test(decode(a, type), decode(b, type)) ? yes : 0;
    table.put(
        "set.%s.%s.%s".formatted(name, result, type),
        Instructions.binary(Type.B16, type, type, single));
    table.put(
        "set.%s.%s.%sx2".formatted(name, results, type),
        Instructions.binary(Type.B32, Type.B32, Type.B32, both(single)));
  }

  /** Applies a function to the upper halves and to the lower halves of its operands. */
  private static Instructions.Binary both(Instructions.Binary f) {
    return (a, b) -> f.apply(a >>> 16, b >>> 16) << 16 | f.apply(a & 0xffff, b & 0xffff);
  }

  private static void unary(
      Map<String, Function<Operands, Operation>> table,
      String name,
      Type type,
      Instructions.Unary f) {
    table.put(name + "." + type, Instructions.unary(type, type, f));
    table.put(
        "%s.%sx2".formatted(name, type),
        Instructions.unary(Type.B32, Type.B32, a -> f.apply(a >>> 16) << 16 | f.apply(a & 0xffff)));
  }

  private static void binary(
      Map<String, Function<Operands, Operation>> table,
      String name,
      Type type,
      Instructions.Binary f) {
    table.put(name + "." + type, Instructions.binary(type, type, type, f));
    table.put(
        "%s.%sx2".formatted(name, type),
        Instructions.binary(Type.B32, Type.B32, Type.B32, both(f)));
  }

  private static void fma(
      Map<String, Function<Operands, Operation>> table,
      String name,
      Type type,
      Instructions.Ternary f) {
    table.put(name + "." + type, Instructions.ternary(type, type, type, type, f));
    Instructions.Ternary both =
        (a, b, c) ->
            f.apply(a >>> 16, b >>> 16, c >>> 16) << 16
                | f.apply(a & 0xffff, b & 0xffff, c & 0xffff);
    table.put(
        "%s.%sx2".formatted(name, type),
        Instructions.ternary(Type.B32, Type.B32, Type.B32, Type.B32, both));
  }
}
