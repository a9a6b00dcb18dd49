package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.KernelBuilder.Register;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** {@code cvt}: between integers, floating-point formats, and both. */
final class ConversionInstructions {

  private static final List<Type> INTEGERS =
      List.of(Type.U8, Type.S8, Type.U16, Type.S16, Type.U32, Type.S32, Type.U64, Type.S64);

  private static final List<Type> FLOATS = List.of(Type.F16, Type.BF16, Type.F32, Type.F64);

  private static final Map<String, RoundingMode> ROUNDINGS =
      Map.of(
          "n", RoundingMode.HALF_EVEN,
          "z", RoundingMode.DOWN,
          "m", RoundingMode.FLOOR,
          "p", RoundingMode.CEILING);

  private ConversionInstructions() {}

  /**
   * Adds the conversion and, for binary32 operands or results, its variant with {@code .ftz}.
   *
   * @param rounding such as {@code .rni}, or empty
   * @param saturation {@code .sat} or empty
   */
  private static void convert(
      Map<String, Function<Operands, Operation>> table,
      String rounding,
      String saturation,
      Type to,
      Type from,
      Instructions.Unary f) {
    String types = ".%s.%s".formatted(to, from);
    table.put("cvt" + rounding + saturation + types, conversion(to, from, f));
    if (to != Type.F32 && from != Type.F32) return;
    Instructions.Unary flushed =
        a -> {
          long result = f.apply(from == Type.F32 ? FloatInstructions.flushBits(a) : a);
          return to == Type.F32 ? FloatInstructions.flushBits(result) : result;
        };
    table.put("cvt" + rounding + ".ftz" + saturation + types, conversion(to, from, flushed));
  }

  static void addTo(Map<String, Function<Operands, Operation>> table) {
    for (Type from : INTEGERS) {
      for (Type to : INTEGERS) {
        table.put("cvt.%s.%s".formatted(to, from), conversion(to, from, a -> a));
        table.put(
            "cvt.sat.%s.%s".formatted(to, from), conversion(to, from, a -> clamp(a, from, to)));
      }
    }
    ROUNDINGS.forEach(
        (letter, rounding) -> {
          for (Type from : FLOATS) {
            for (Type to : INTEGERS) {
              Instructions.Unary rounded =
                  a -> toInteger(Floats.decode(a, from), from, to, rounding);
              convert(table, ".r%si".formatted(letter), "", to, from, rounded);
              convert(table, ".r%si".formatted(letter), ".sat", to, from, rounded);
            }
            Instructions.Unary whole = a -> toWhole(a, from, rounding);
            convert(table, ".r%si".formatted(letter), "", from, from, whole);
          }
          for (Type to : FLOATS) {
            for (Type from : INTEGERS) {
              String name = "cvt.r%s.%s.%s".formatted(letter, to, from);
              table.put(name, conversion(to, from, a -> fromInteger(a, from, to, rounding)));
            }
            for (Type from : FLOATS) {
              if (from.bits <= to.bits) continue;
              Instructions.Unary narrow = a -> narrow(a, from, to, rounding, false);
              Instructions.Unary saturated = a -> narrow(a, from, to, rounding, true);
              convert(table, ".r" + letter, "", to, from, narrow);
              convert(table, ".r" + letter, ".sat", to, from, saturated);
            }
          }
          pair(table, "cvt.r%s.f16x2.f32".formatted(letter), Type.F16, rounding);
          pair(table, "cvt.r%s.bf16x2.f32".formatted(letter), Type.BF16, rounding);
        });
    for (Type from : FLOATS) {
      for (Type to : FLOATS) {
        if (from.bits > to.bits || from.bits == to.bits && from != to) continue;
        Instructions.Unary widen = a -> from == to ? a : Floats.encode(Floats.decode(a, from), to);
        convert(table, "", "", to, from, widen);
        Instructions.Unary saturated = a -> Floats.encode(saturate(Floats.decode(a, from)), to);
        convert(table, "", ".sat", to, from, saturated);
      }
    }
  }

  /** A signed result is sign-extended to a register wider than its type. */
  private static Function<Operands, Operation> conversion(
      Type to, Type from, Instructions.Unary f) {
    return operands -> {
      operands.expect(2);
      Register register = operands.targetRegister(0);
      if (register.type().bits < to.bits)
        throw new IllegalArgumentException("register is narrower than " + to);
      int target = register.slot();
      int source = operands.source(1, from);
      long mask = register.type().mask;
      return (warp, lanes) -> {
        long[] r = warp.registers;
        for (int rest = lanes; rest != 0; rest &= rest - 1) {
          int l = Integer.numberOfTrailingZeros(rest);
          r[target + l] = to.extend(f.apply(from.extend(r[source + l]))) & mask;
        }
      };
    };
  }

  /** {@code cvt.rn.f16x2.f32 d, a, b}: a becomes the upper half, b the lower. */
  private static void pair(
      Map<String, Function<Operands, Operation>> table,
      String name,
      Type half,
      RoundingMode rounding) {
    Instructions.Binary both =
        (a, b) ->
            narrow(a, Type.F32, half, rounding, false) << 16
                | narrow(b, Type.F32, half, rounding, false);
    table.put(name, Instructions.binary(Type.B32, Type.F32, Type.F32, both));
  }

  private static long clamp(long value, Type from, Type to) {
    if (to == from) return value;
    if (!from.signed && value < 0) return to.mask >>> (to.signed ? 1 : 0);
    if (to.signed) {
      return Math.max(-(to.mask >>> 1) - 1, Math.min(to.mask >>> 1, value));
    }
    if (value < 0) return 0;
    return to.bits == 64 ? value : Math.min(value, to.mask);
  }

  private static long toInteger(double value, Type from, Type to, RoundingMode rounding) {
    if (value != value) {
      // NaN converts to zero unless one of the types has 64 bits, as the PTX manual specifies.
      boolean zero = from != Type.F64 && to.bits != 64;
      return zero ? 0 : 1L << to.bits - 1;
    }
    double whole = whole(value, rounding);
    double above = to.signed ? 0x1p-1 * Math.scalb(1.0, to.bits) : Math.scalb(1.0, to.bits);
    if (whole >= above) return to.signed ? to.mask >>> 1 : to.mask;
    if (to.signed) return whole < -above ? -(to.mask >>> 1) - 1 : (long) whole;
    if (whole <= 0) return 0;
    return whole < 0x1p63 ? (long) whole : (long) (whole - 0x1p63) ^ Long.MIN_VALUE;
  }

  private static double whole(double value, RoundingMode rounding) {
    return switch (rounding) {
      case HALF_EVEN -> Math.rint(value);
      case FLOOR -> Math.floor(value);
      case CEILING -> Math.ceil(value);
      default -> value < 0 ? Math.ceil(value) : Math.floor(value);
    };
  }

  private static long toWhole(long bits, Type type, RoundingMode rounding) {
    return Floats.encode(whole(Floats.decode(bits, type), rounding), type);
  }

  private static long fromInteger(long value, Type from, Type to, RoundingMode rounding) {
    if (Math.abs(value) <= 1L << 53 && (value >= 0 || from.signed)) {
      return Floats.round((double) value, to, rounding);
    }
    BigInteger exact =
        value < 0 && !from.signed
            ? BigInteger.valueOf(value).add(BigInteger.ONE.shiftLeft(64))
            : BigInteger.valueOf(value);
    return Floats.round(exact, to, rounding);
  }

  private static long narrow(
      long bits, Type from, Type to, RoundingMode rounding, boolean saturate) {
    double value = Floats.decode(bits, from);
    return Floats.round(saturate ? saturate(value) : value, to, rounding);
  }

  private static double saturate(double value) {
    return value > 0 ? Math.min(value, 1) : 0;
  }
}
