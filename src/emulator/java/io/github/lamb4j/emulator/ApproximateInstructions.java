package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.FloatInstructions.FloatBinary;
import io.github.lamb4j.emulator.FloatInstructions.FloatUnary;
import java.util.Map;
import java.util.function.Function;

/**
 * The {@code .approx} functions, computed in binary64 by {@link StrictMath} and rounded to nearest.
 * So they are the same on every host, and at least as accurate as PTX requires, but not a GPU's
 * bits, which differ between architectures.
 */
final class ApproximateInstructions {

  private static final long UPPER = 0xffff_ffff_0000_0000L;
  private static final long NAN = 0x7fff_ffff_0000_0000L;
  private static final double LN2 = StrictMath.log(2);

  private ApproximateInstructions() {}

  static void addTo(Map<String, Function<Operands, Operation>> table) {
    put(table, "rcp.approx", a -> (float) (1.0 / a));
    put(table, "sqrt.approx", a -> (float) Math.sqrt(a));
    put(table, "rsqrt.approx", a -> (float) (1.0 / Math.sqrt(a)));
    put(table, "ex2.approx", a -> (float) StrictMath.pow(2, a));
    put(table, "lg2.approx", a -> (float) (StrictMath.log(a) / LN2));
    put(table, "sin.approx", a -> (float) StrictMath.sin(a));
    put(table, "cos.approx", a -> (float) StrictMath.cos(a));
    table.put("tanh.approx.f32", FloatInstructions.f32(a -> (float) StrictMath.tanh(a)));
    table.put("rcp.approx.ftz.f64", gross(a -> 1 / a));
    table.put("rsqrt.approx.f64", FloatInstructions.f64(a -> 1 / Math.sqrt(a)));
    table.put("rsqrt.approx.ftz.f64", gross(a -> 1 / Math.sqrt(a)));
    put(table, "div.full", (a, b) -> a / b);
    put(table, "div.approx", ApproximateInstructions::divide);
  }

  /** Of binary64, the approximations have the upper 32 bits only; subnormals are zeros. */
  private static Function<Operands, Operation> gross(FloatInstructions.DoubleUnary f) {
    return Instructions.unary(
        Type.F64,
        Type.F64,
        bits -> {
          double result = f.apply(flush(Double.longBitsToDouble(bits & UPPER)));
          return result != result ? NAN : Double.doubleToRawLongBits(flush(result)) & UPPER;
        });
  }

  private static double flush(double value) {
    return Math.abs(value) < Double.MIN_NORMAL ? Math.copySign(0, value) : value;
  }

  /** PTX specifies that quotients by values above 2^126 are zero. */
  private static float divide(float a, float b) {
    if (Math.abs(b) > 0x1p126f && Float.isFinite(b)) {
      return Float.isFinite(a) ? Math.copySign(0f, a) * Math.signum(b) : Float.NaN;
    }
    return a / b;
  }

  private static void put(
      Map<String, Function<Operands, Operation>> table, String name, FloatUnary f) {
    FloatUnary flushed = a -> FloatInstructions.flush(f.apply(FloatInstructions.flush(a)));
    table.put(name + ".f32", FloatInstructions.f32(f));
    table.put(name + ".ftz.f32", FloatInstructions.f32(flushed));
  }

  private static void put(
      Map<String, Function<Operands, Operation>> table, String name, FloatBinary f) {
    FloatBinary flushed =
        (a, b) ->
            FloatInstructions.flush(
                f.apply(FloatInstructions.flush(a), FloatInstructions.flush(b)));
    table.put(name + ".f32", FloatInstructions.f32(f));
    table.put(name + ".ftz.f32", FloatInstructions.f32(flushed));
  }
}
