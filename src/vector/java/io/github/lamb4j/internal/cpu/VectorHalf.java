package io.github.lamb4j.internal.cpu;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.S2I;

import io.github.lamb4j.internal.numerics.Half;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The conversions of {@link Half} over vectors, case by case, and with the same bits. */
final class VectorHalf {

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

  /** As many shorts as {@link #F} has floats. */
  private static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

  private static final int LANES = F.length();

  private static final int SIGN = 0x8000_0000;
  private static final int MAGNITUDE = 0x7FFF_FFFF;
  private static final int F16_INFINITY = 0x7C00;
  private static final int F16_MIN_NORMAL = 0x400;
  private static final int F32_INFINITY = 0x7F80_0000;
  private static final int F32_HALF = Float.floatToRawIntBits(0.5f);
  private static final int F32_MIN_F16 = Float.floatToRawIntBits(0x1p-14f);
  private static final int F32_TOO_LARGE_FOR_F16 = Float.floatToRawIntBits(65520f);

  /** The exponent bias of float minus that of F16, in the place of a float's exponent. */
  private static final int F16_BIAS_STEP = 127 - 15 << 23;

  private VectorHalf() {}

  static void widenF16(short[] from, int at, float[] to, int toAt, int count) {
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      IntVector bits = (IntVector) ShortVector.fromArray(S, from, at + i).convertShape(S2I, I, 0);
      IntVector magnitude = bits.and(0x7FFF);
      IntVector normal = magnitude.lanewise(LSHL, 13).add(F16_BIAS_STEP);
      FloatVector subnormal = ((FloatVector) magnitude.convert(I2F, 0)).mul(0x1p-24f);
      IntVector wide =
          normal
              .blend(normal.add(F16_BIAS_STEP), magnitude.compare(GE, F16_INFINITY))
              .blend(subnormal.reinterpretAsInts(), magnitude.compare(LT, F16_MIN_NORMAL));
      wide.or(bits.and(SIGN)).reinterpretAsFloats().intoArray(to, toAt + i);
    }
    for (int i = whole; i < count; i++) {
      to[toAt + i] = Half.fromF16(from[at + i]);
    }
  }

  static void widenBf16(short[] from, int at, float[] to, int toAt, int count) {
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      IntVector bits = (IntVector) ShortVector.fromArray(S, from, at + i).convertShape(S2I, I, 0);
      bits.lanewise(LSHL, 16).reinterpretAsFloats().intoArray(to, toAt + i);
    }
    for (int i = whole; i < count; i++) {
      to[toAt + i] = Half.fromBf16(from[at + i]);
    }
  }

  static void narrowF16(float[] from, int at, short[] to, int toAt, int count) {
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      IntVector bits = FloatVector.fromArray(F, from, at + i).reinterpretAsInts();
      IntVector magnitude = bits.and(MAGNITUDE);
      IntVector half = roundOff(magnitude.sub(F16_BIAS_STEP), 13);
      // The sum's last bit is the smallest subnormal: the addition does the rounding.
      IntVector subnormal =
          magnitude.reinterpretAsFloats().add(0.5f).reinterpretAsInts().sub(F32_HALF);
      half = half.blend(subnormal, magnitude.compare(LT, F32_MIN_F16));
      half = half.blend(F16_INFINITY, magnitude.compare(GE, F32_TOO_LARGE_FOR_F16));
      IntVector payload = magnitude.lanewise(LSHR, 13).and(0x3FF);
      payload = payload.blend(0x200, payload.compare(EQ, 0));
      half = half.blend(payload.or(F16_INFINITY), magnitude.compare(GT, F32_INFINITY));
      half = half.or(bits.lanewise(LSHR, 16).and(0x8000));
      ((ShortVector) half.convertShape(I2S, S, 0)).intoArray(to, toAt + i);
    }
    for (int i = whole; i < count; i++) {
      to[toAt + i] = Half.toF16(from[at + i]);
    }
  }

  static void narrowBf16(float[] from, int at, short[] to, int toAt, int count) {
    int whole = F.loopBound(count);
    for (int i = 0; i < whole; i += LANES) {
      IntVector bits = FloatVector.fromArray(F, from, at + i).reinterpretAsInts();
      IntVector top = bits.lanewise(LSHR, 16);
      IntVector nan = top.blend(top.or(0x40), top.and(0x7F).compare(EQ, 0));
      IntVector half = roundOff(bits, 16).blend(nan, bits.and(MAGNITUDE).compare(GT, F32_INFINITY));
      ((ShortVector) half.convertShape(I2S, S, 0)).intoArray(to, toAt + i);
    }
    for (int i = whole; i < count; i++) {
      to[toAt + i] = Half.toBf16(from[at + i]);
    }
  }

  /** Drops low bits, rounding to nearest even. */
  private static IntVector roundOff(IntVector bits, int dropped) {
    IntVector odd = bits.lanewise(LSHR, dropped).and(1);
    return bits.add((1 << dropped - 1) - 1).add(odd).lanewise(LSHR, dropped);
  }
}
