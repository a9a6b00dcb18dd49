package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Arithmetic without a rounding modifier, with approximations and with flushed subnormals. */
class ApproximateInstructionsTest {

  private static long bits(float value) {
    return Float.floatToRawIntBits(value) & 0xffffffffL;
  }

  private static float evaluate(String instruction, float... operands) {
    Type[] types = new Type[operands.length];
    java.util.Arrays.fill(types, Type.F32);
    long[] values = new long[operands.length];
    for (int i = 0; i < values.length; i++) values[i] = bits(operands[i]);
    return Float.intBitsToFloat((int) Ptx.evaluate(instruction, Type.F32, types, values)[0]);
  }

  @ParameterizedTest
  @CsvSource({
    "rcp.approx.f32, 3, 0.33333334",
    "rcp.approx.f32, -0.0, -Infinity",
    "rcp.approx.ftz.f32, 1e-40, Infinity",
    "rcp.approx.ftz.f32, -2e38, -0.0", // 5e-39 is subnormal
    "rcp.approx.f32, 2e38, 5e-39",
    "sqrt.approx.f32, 2, 1.4142135",
    "sqrt.approx.f32, -1, NaN",
    "sqrt.approx.ftz.f32, 1e-40, 0",
    "rsqrt.approx.f32, 4, 0.5",
    "rsqrt.approx.f32, -0.0, -Infinity",
    "rsqrt.approx.ftz.f32, 1e-40, Infinity",
    "ex2.approx.f32, 0.5, 1.4142135",
    "ex2.approx.f32, -149, 1.4e-45",
    "ex2.approx.ftz.f32, -149, 0",
    "ex2.approx.f32, -Infinity, 0",
    "lg2.approx.f32, 8, 3",
    "lg2.approx.f32, -0.0, -Infinity",
    "lg2.approx.f32, -1, NaN",
    "lg2.approx.ftz.f32, 1e-40, -Infinity",
    "sin.approx.f32, 1, 0.8414709848",
    "sin.approx.f32, Infinity, NaN",
    "cos.approx.f32, 1, 0.5403023059",
    "tanh.approx.f32, 0.5, 0.4621171573",
    "tanh.approx.f32, -Infinity, -1",
    "neg.ftz.f32, 1e-40, -0.0",
    "abs.ftz.f32, -1e-40, 0",
    "sqrt.rn.ftz.f32, -1e-40, -0.0",
    "rcp.rn.ftz.f32, 4, 0.25",
    "cvt.ftz.f32.f32, 1e-40, 0",
    "cvt.rpi.ftz.f32.f32, 1e-40, 0",
    "cvt.rpi.f32.f32, 1e-40, 1"
  })
  void shouldComputeFunctions(String instruction, float operand, float expected) {
    assertEquals(expected, evaluate(instruction, operand));
  }

  @ParameterizedTest
  @CsvSource({
    "add.f32, 1, 5.9604645e-8, 1", // a tie: to even
    "sub.f32, 1, 2.9802322e-8, 1",
    "mul.f32, 1.0000001, 1.0000001, 1.0000002",
    "add.sat.f32, 0.75, 0.75, 1",
    "mul.sat.f32, -1, 2, 0",
    "add.ftz.f32, 1e-40, 1e-40, 0",
    "add.rn.ftz.f32, -1e-40, -1e-40, -0.0",
    "sub.ftz.f32, 1.5e-38, 1.2e-38, 0", // the difference is subnormal
    "mul.ftz.f32, 1e-20, -1e-20, -0.0",
    "mul.f32, 1e-20, 1e-20, 1e-40",
    "mul.ftz.sat.f32, 3, 4, 1",
    "min.ftz.f32, 1e-40, 1, 0",
    "max.ftz.f32, -1e-40, -1, -0.0",
    "max.ftz.f32, NaN, 2, 2",
    "div.approx.f32, 1, 3, 0.33333334",
    "div.approx.f32, 4, 1.7014118e38, 0", // above 2^126
    "div.approx.f32, -Infinity, 1.7014118e38, NaN",
    "div.full.f32, 4, 1.7014118e38, 2.3509887e-38",
    "div.rn.ftz.f32, 1e-30, 1e30, 0",
    "div.approx.ftz.f32, 1, 1e-40, Infinity"
  })
  void shouldComputeWithTwoOperands(String instruction, float a, float b, float expected) {
    assertEquals(expected, evaluate(instruction, a, b));
  }

  @Test
  void shouldFlushFusedOperandsAndResults() {
    assertEquals(0f, evaluate("fma.rn.ftz.f32", 1e-40f, 1e30f, 0f));
    assertEquals(-0.0f, evaluate("fma.rn.ftz.f32", 1e-20f, -1e-20f, -0.0f));
    assertEquals(7f, evaluate("fma.rn.ftz.f32", 2f, 3f, 1f));
    assertEquals(1f, evaluate("fma.rn.ftz.sat.f32", 2f, 3f, 1f));
  }

  @Test
  void shouldTakePlainBinary64ArithmeticAsRoundedToNearest() {
    long[][] values = {{Double.doubleToRawLongBits(0.1), Double.doubleToRawLongBits(0.2)}};
    Type[] types = Ptx.types(Type.F64, Type.F64);
    for (String name : new String[] {"add", "sub", "mul"}) {
      long plain = Ptx.evaluate(name + ".f64", Type.F64, types, values)[0];
      assertEquals(Ptx.evaluate(name + ".rn.f64", Type.F64, types, values)[0], plain, name);
    }
  }

  @Test
  void shouldFlushComparedOperands() {
    long[][] values = {{bits(1e-40f), bits(0f)}};
    Type[] types = Ptx.types(Type.F32, Type.F32);
    assertEquals(1, Ptx.evaluate("setp.gt.f32", Type.PRED, types, values)[0]);
    assertEquals(0, Ptx.evaluate("setp.gt.ftz.f32", Type.PRED, types, values)[0]);
    assertEquals(0xffffffffL, Ptx.evaluate("set.eq.ftz.u32.f32", Type.U32, types, values)[0]);
  }

  @Test
  void shouldFlushConvertedOperandsAndResults() {
    long[][] small = {{bits(1e-40f)}};
    assertEquals(0, Ptx.evaluate("cvt.ftz.f64.f32", Type.F64, Ptx.types(Type.F32), small)[0]);
    assertEquals(0, Ptx.evaluate("cvt.rpi.ftz.s32.f32", Type.S32, Ptx.types(Type.F32), small)[0]);
    assertEquals(1, Ptx.evaluate("cvt.rpi.s32.f32", Type.S32, Ptx.types(Type.F32), small)[0]);
    long[][] subnormal = {{Double.doubleToRawLongBits(-1e-40)}};
    assertEquals(
        bits(-0.0f),
        Ptx.evaluate("cvt.rn.ftz.f32.f64", Type.F32, Ptx.types(Type.F64), subnormal)[0]);
  }

  @Test
  void shouldApproximateBinary64InItsUpperHalf() {
    long[][] values = {{Double.doubleToRawLongBits(3)}, {Double.doubleToRawLongBits(-0.0)}};
    long[] results = Ptx.evaluate("rcp.approx.ftz.f64", Type.F64, Ptx.types(Type.F64), values);
    assertEquals(1.0 / 3, Double.longBitsToDouble(results[0]), 1e-6);
    assertEquals(0, results[0] & 0xffffffffL);
    assertTrue(Double.longBitsToDouble(results[1]) == Double.NEGATIVE_INFINITY);
  }

  /** Without {@code .ftz}, all bits of the result are significant. */
  @Test
  void shouldApproximateInverseSquareRootsInAllBits() {
    long[][] values = {{Double.doubleToRawLongBits(3)}, {Double.doubleToRawLongBits(0x1p-1060)}};
    long[] results = Ptx.evaluate("rsqrt.approx.f64", Type.F64, Ptx.types(Type.F64), values);
    assertEquals(1 / Math.sqrt(3), Double.longBitsToDouble(results[0]));
    assertEquals(0x1p530, Double.longBitsToDouble(results[1]));
  }
}
