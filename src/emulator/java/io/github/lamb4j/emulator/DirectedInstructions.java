package io.github.lamb4j.emulator;

import static io.github.lamb4j.emulator.FloatInstructions.flushBits;
import static io.github.lamb4j.emulator.FloatInstructions.single;

import java.math.RoundingMode;
import java.util.Map;
import java.util.function.Function;

/** {@code add}, {@code sub}, {@code mul} and {@code fma} of binary32 with directed rounding. */
final class DirectedInstructions {

  private static final Map<String, RoundingMode> ROUNDINGS =
      Map.of("rz", RoundingMode.DOWN, "rm", RoundingMode.FLOOR, "rp", RoundingMode.CEILING);

  private DirectedInstructions() {}

  static void addTo(Map<String, Function<Operands, Operation>> table) {
    ROUNDINGS.forEach(
        (name, mode) -> {
          binary(table, "add." + name, (a, b) -> sum(single(a), single(b), Type.F32, mode));
          binary(table, "sub." + name, (a, b) -> sum(single(a), -single(b), Type.F32, mode));
          Instructions.Binary product =
              (a, b) -> Floats.round((double) single(a) * single(b), Type.F32, mode);
          binary(table, "mul." + name, product);
          Instructions.Ternary fma =
              (a, b, c) -> sum((double) single(a) * single(b), single(c), Type.F32, mode);
          table.put("fma.%s.f32".formatted(name), ternary(fma));
          table.put(
              "fma.%s.ftz.f32".formatted(name),
              ternary((a, b, c) -> flushBits(fma.apply(flushBits(a), flushBits(b), flushBits(c)))));
        });
  }

  private static void binary(
      Map<String, Function<Operands, Operation>> table, String name, Instructions.Binary f) {
    Instructions.Binary flushed = (a, b) -> flushBits(f.apply(flushBits(a), flushBits(b)));
    table.put(name + ".f32", Instructions.binary(Type.F32, Type.F32, Type.F32, f));
    table.put(name + ".ftz.f32", Instructions.binary(Type.F32, Type.F32, Type.F32, flushed));
  }

  private static Function<Operands, Operation> ternary(Instructions.Ternary f) {
    return Instructions.ternary(Type.F32, Type.F32, Type.F32, Type.F32, f);
  }

  /**
   * The bits of the sum of two numbers of a narrow type, or of a number and a product of two, which
   * a double holds exactly; rounded once.
   */
  static long sum(double a, double b, Type type, RoundingMode rounding) {
    double sum = a + b;
    if (sum == 0 && rounding == RoundingMode.FLOOR && isNegative(a) != isNegative(b)) sum = -0.0;
    if (sum == 0 || !Double.isFinite(sum)) return Floats.round(sum, type, rounding);
    // The rounding error of the sum, by Knuth's algorithm.
    double added = sum - a;
    double error = a - (sum - added) + (b - added);
    if (error != 0) {
      // Rounded to odd, the sum rounds to any narrower type as the exact one does.
      long bits = Double.doubleToRawLongBits(sum);
      if ((bits & 1) == 0) sum = error > 0 ? Math.nextUp(sum) : Math.nextDown(sum);
    }
    return Floats.round(sum, type, rounding);
  }

  private static boolean isNegative(double value) {
    return Double.doubleToRawLongBits(value) < 0;
  }
}
