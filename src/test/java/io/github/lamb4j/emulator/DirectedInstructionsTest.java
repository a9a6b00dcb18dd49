package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares directed rounding and half-precision arithmetic with exact results. */
class DirectedInstructionsTest {

  private static final int COUNT = 2000;

  /** Random finite values with exponents near each other, so that rounding is never trivial. */
  private static long[][] triples(Type type, int seed) {
    Random random = new Random(seed);
    long[][] triples = new long[COUNT][3];
    for (long[] triple : triples) {
      for (int i = 0; i < 3; i++) {
        double value = random.nextGaussian() * Math.scalb(1.0, random.nextInt(12) - 6);
        triple[i] = Floats.round(value, type, java.math.RoundingMode.HALF_EVEN);
      }
    }
    return triples;
  }

  private static BigDecimal exact(long bits, Type type) {
    return new BigDecimal(Floats.decode(bits, type));
  }

  private static BigDecimal exact(String operation, long[] values, Type type) {
    BigDecimal a = exact(values[0], type);
    BigDecimal b = exact(values[1], type);
    return switch (operation) {
      case "add" -> a.add(b);
      case "sub" -> a.subtract(b);
      case "mul" -> a.multiply(b);
      default -> a.multiply(b).add(exact(values[2], type));
    };
  }

  private static long[][] operands(String operation, Type type) {
    long[][] triples = triples(type, operation.hashCode());
    if (operation.equals("fma")) return triples;
    return java.util.Arrays.stream(triples)
        .map(t -> new long[] {t[0], t[1]})
        .toArray(long[][]::new);
  }

  private static Type[] types(String operation, Type type) {
    return operation.equals("fma") ? Ptx.types(type, type, type) : Ptx.types(type, type);
  }

  @ParameterizedTest
  @CsvSource({
    "add, rz", "add, rm", "add, rp", "sub, rz", "sub, rm", "sub, rp", "mul, rz", "mul, rm",
    "mul, rp", "fma, rz", "fma, rm", "fma, rp"
  })
  void shouldRoundInItsDirection(String operation, String rounding) {
    long[][] values = operands(operation, Type.F32);
    String instruction = "%s.%s.f32".formatted(operation, rounding);
    long[] results = Ptx.evaluate(instruction, Type.F32, types(operation, Type.F32), values);
    for (int i = 0; i < COUNT; i++) {
      BigDecimal exact = exact(operation, values[i], Type.F32);
      float nearest = exact.floatValue();
      int compared = new BigDecimal(nearest).compareTo(exact);
      boolean up = rounding.equals("rp") || rounding.equals("rz") && exact.signum() < 0;
      float expected = nearest;
      if (compared < 0 && up) expected = Math.nextUp(nearest);
      if (compared > 0 && !up) expected = Math.nextDown(nearest);
      assertEquals(expected, Float.intBitsToFloat((int) results[i]), instruction + " " + exact);
    }
  }

  @Test
  void shouldRoundBeyondTheLimits() {
    long[][] values = {{0x7f7fffffL, 0x7f7fffffL}, {0x3f800000L, 0xbf800000L}, {0, 0}};
    Type[] types = Ptx.types(Type.F32, Type.F32);
    long[] down = Ptx.evaluate("add.rm.f32", Type.F32, types, values);
    assertEquals(0x7f7fffffL, down[0]);
    assertEquals(0x80000000L, down[1]);
    assertEquals(0, down[2]);
    long[] up = Ptx.evaluate("add.rp.f32", Type.F32, types, values);
    assertEquals(0x7f800000L, up[0]);
    assertEquals(0, up[1]);
  }

  @ParameterizedTest
  @EnumSource(
      value = Type.class,
      names = {"F16", "BF16"})
  void shouldRoundHalvesToNearest(Type type) {
    for (String operation : new String[] {"add", "sub", "mul", "fma"}) {
      long[][] values = operands(operation, type);
      String instruction = operation + ".rn." + type;
      long[] results = Ptx.evaluate(instruction, type, types(operation, type), values);
      for (int i = 0; i < COUNT; i++) {
        BigDecimal exact = exact(operation, values[i], type);
        BigDecimal error = exact.subtract(exact(results[i], type)).abs();
        for (int step = -1; step <= 1; step += 2) {
          BigDecimal other = exact.subtract(exact(results[i] + step, type)).abs();
          int compared = error.compareTo(other);
          boolean nearest = compared < 0 || compared == 0 && (results[i] & 1) == 0;
          // The neighbor of zero in bits is not its neighbor in value.
          assertEquals(true, nearest || (results[i] & 0x7fff) == 0, instruction + " " + exact);
        }
      }
    }
  }

  @Test
  void shouldComputePairsOfHalves() {
    Type[] two = Ptx.types(Type.B32, Type.B32);
    long[][] values = {{0x3c004000L, 0xc0004200L}}; // (1, 2) and (-2, 3), upper half first
    assertEquals(0xbc004500L, Ptx.evaluate("add.f16x2", Type.B32, two, values)[0]);
    assertEquals(0xc0004600L, Ptx.evaluate("mul.rn.f16x2", Type.B32, two, values)[0]);
    assertEquals(0xc0004000L, Ptx.evaluate("min.f16x2", Type.B32, two, values)[0]);
    assertEquals(0x3c004200L, Ptx.evaluate("max.f16x2", Type.B32, two, values)[0]);
    assertEquals(0x3c000000L, Ptx.evaluate("set.gt.f16x2.f16x2", Type.B32, two, values)[0]);
    assertEquals(0xffff0000L, Ptx.evaluate("set.gt.u32.f16x2", Type.B32, two, values)[0]);
    long[][] one = {{0x3c00c000L}};
    assertEquals(0xbc004000L, Ptx.evaluate("neg.f16x2", Type.B32, Ptx.types(Type.B32), one)[0]);
    assertEquals(0x3c004000L, Ptx.evaluate("abs.f16x2", Type.B32, Ptx.types(Type.B32), one)[0]);
  }
}
