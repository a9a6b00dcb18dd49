package io.github.lamb4j.internal.cpu;

import static io.github.lamb4j.internal.cpu.KernelFuzz.assertBits;
import static io.github.lamb4j.internal.cpu.KernelFuzz.expected;
import static io.github.lamb4j.internal.cpu.KernelFuzz.fuzz;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.lamb4j.internal.cpu.KernelFuzz.Case;
import io.github.lamb4j.internal.cpu.KernelFuzz.Provider;
import io.github.lamb4j.internal.numerics.Elements;
import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.internal.numerics.Sums;
import io.github.lamb4j.internal.numerics.Tiling;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The kernels of each provider against the formulas, element by element, at sizes around those of
 * quads, vectors, blocks of vectors and tiles, and at any place in an array.
 */
class TileKernelsTest {

  @Test
  void shouldRunWithTheModuleOfTheVectorKernels() {
    assertTrue(ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
  }

  @Test
  void shouldChooseVectorKernelsWhereTheyRun() {
    assumeTrue(KernelChoice.vectorKernels().isPresent(), "this processor's vectors are too narrow");
    assertEquals("VectorTileKernels", KernelChoice.best().getClass().getSimpleName());
  }

  @ParameterizedTest
  @EnumSource
  void shouldSumSquaresInTheOrderOfTheContract(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          float[] values = x.values();
          int count = Math.min(x.count, Tiling.TILE_ELEMENTS);
          assertBits(
              Sums.ofSquares(values, x.at, count, new double[Sums.QUADS]),
              kernels.sumOfSquares(values, x.at, count));
        });
  }

  @ParameterizedTest
  @EnumSource
  void shouldUpdateMoments(Provider provider) {
    fuzz(provider, TileKernelsTest::checkMoments);
  }

  private static void checkMoments(TileKernels kernels, Case x) {
    Coefficients c = x.c;
    float[] w = x.values();
    float[] g = x.values();
    float[] m = x.values();
    float[] v = x.squares();
    float[] r = x.values();
    float[] nextM =
        expected(x, m, i -> Elements.nextM(m[i], g[i], c.beta1Hi, c.beta1Lo, c.oneMinusBeta1));
    float[] nextV =
        expected(x, v, i -> Elements.nextV(v[i], g[i], c.beta2Hi, c.beta2Lo, c.oneMinusBeta2));
    float[] nextR = expected(x, r, i -> update(w[i], nextM[i], nextV[i], c));
    float[] before = w.clone();
    kernels.moments(w, x.at, g, x.at, m, v, x.at, r, x.at, x.count, c);
    assertBits(nextM, m);
    assertBits(nextV, v);
    assertBits(nextR, r);
    assertBits(before, w);
  }

  @ParameterizedTest
  @EnumSource
  void shouldUpdateMomentsFromScaledGradients(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          float[] w = x.values();
          float[] g = x.values();
          float[] m = x.values();
          float[] v = x.squares();
          float[] r = x.values();
          double scale = x.scale();
          float[] scaled = expected(x, g, i -> Elements.scaledGradient(g[i], scale));
          float[] expectedM = m.clone();
          float[] expectedV = v.clone();
          float[] expectedR = r.clone();
          float[] before = g.clone();
          kernels.moments(
              w, x.at, scaled, x.at, expectedM, expectedV, x.at, expectedR, x.at, x.count, x.c);
          kernels.scaledMoments(w, x.at, g, x.at, scale, m, v, x.at, r, x.at, x.count, x.c);
          assertBits(expectedM, m);
          assertBits(expectedV, v);
          assertBits(expectedR, r);
          assertBits(before, g);
        });
  }

  @ParameterizedTest
  @EnumSource
  void shouldTakeAnUnadaptedStepLikeItsParts(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          float[] w = x.values();
          float[] g = x.values();
          float[] m = x.values();
          float[] v = x.squares();
          float step = (float) Math.abs(x.random.nextGaussian());
          float[] r = new float[w.length];
          float[] expectedW = w.clone();
          float[] expectedM = m.clone();
          float[] expectedV = v.clone();
          kernels.moments(w, x.at, g, x.at, expectedM, expectedV, x.at, r, 0, x.count, x.c);
          kernels.subtract(expectedW, x.at, r, 0, x.count, step);
          kernels.unadapted(w, x.at, g, x.at, m, v, x.at, x.count, x.c, step);
          assertBits(expectedW, w);
          assertBits(expectedM, m);
          assertBits(expectedV, v);
        });
  }

  private static float update(float w, float m, float v, Coefficients c) {
    return Elements.update(w, m, v, c.mCorrection, c.sqrtVCorrection, c.epsilon, c.weightDecay);
  }

  @ParameterizedTest
  @EnumSource
  void shouldTakeArraysThatStartAtDifferentPlaces(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          float[] w = x.values();
          float[] g = x.values();
          float[] m = x.values();
          float[] v = x.squares();
          checkMomentsElsewhere(kernels, x, w, g, m, v);
          checkStepsElsewhere(kernels, x, w, g, m, v);
        });
  }

  private static void checkMomentsElsewhere(
      TileKernels kernels, Case x, float[] w, float[] g, float[] m, float[] v) {
    float[] expectedM = m.clone();
    float[] expectedV = v.clone();
    float[] expectedR = new float[x.at + x.count];
    kernels.moments(w, x.at, g, x.at, expectedM, expectedV, x.at, expectedR, x.at, x.count, x.c);
    for (int shift = 1; shift < 4; shift++) { // of the weights, of the gradients, of both
      int wAt = x.at + shift / 2;
      int gAt = x.at + shift % 2;
      float[] actualM = m.clone();
      float[] actualV = v.clone();
      float[] r = new float[x.count];
      kernels.moments(
          moved(w, x, wAt), wAt, moved(g, x, gAt), gAt, actualM, actualV, x.at, r, 0, x.count, x.c);
      assertBits(expectedM, actualM);
      assertBits(expectedV, actualV);
      assertBits(Arrays.copyOfRange(expectedR, x.at, x.at + x.count), r);
    }
  }

  private static void checkStepsElsewhere(
      TileKernels kernels, Case x, float[] w, float[] g, float[] m, float[] v) {
    float step = 0.125f;
    float[] expectedM = m.clone();
    float[] expectedV = v.clone();
    float[] expectedStep = w.clone();
    kernels.unadapted(expectedStep, x.at, g, x.at, expectedM, expectedV, x.at, x.count, x.c, step);
    float[] expectedApplied = w.clone();
    kernels.apply(expectedApplied, x.at, m, v, x.at, x.count, x.c, step);
    for (int shift = 1; shift < 4; shift++) {
      int wAt = x.at + shift / 2;
      int gAt = x.at + shift % 2;
      float[] actualM = m.clone();
      float[] actualV = v.clone();
      float[] actual = moved(w, x, wAt);
      kernels.unadapted(
          actual, wAt, moved(g, x, gAt), gAt, actualM, actualV, x.at, x.count, x.c, step);
      assertBits(moved(expectedStep, x, wAt), actual);
      assertBits(expectedM, actualM);
      assertBits(expectedV, actualV);
      float[] applied = moved(w, x, wAt);
      kernels.apply(applied, wAt, m, v, x.at, x.count, x.c, step);
      assertBits(moved(expectedApplied, x, wAt), applied);
    }
  }

  /** A copy in which the tile starts at another place, between zeros. */
  private static float[] moved(float[] values, Case x, int at) {
    float[] moved = new float[at + x.count + 1];
    System.arraycopy(values, x.at, moved, at, x.count);
    return moved;
  }

  @ParameterizedTest
  @EnumSource
  void shouldFormUpdatesAgain(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          float[] w = x.values();
          float[] m = x.values();
          float[] v = x.squares();
          float[] r = x.values();
          float[] expected = expected(x, r, i -> update(w[i], m[i], v[i], x.c));
          kernels.updates(w, x.at, m, v, x.at, r, x.at, x.count, x.c);
          assertBits(expected, r);
        });
  }

  @ParameterizedTest
  @EnumSource
  void shouldTakeTheSecondPassLikeItsParts(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          float[] w = x.values();
          float[] m = x.values();
          float[] v = x.squares();
          float step = (float) Math.abs(x.random.nextGaussian());
          float[] r = new float[w.length];
          float[] expected = w.clone();
          kernels.updates(w, x.at, m, v, x.at, r, 0, x.count, x.c);
          kernels.subtract(expected, x.at, r, 0, x.count, step);
          kernels.apply(w, x.at, m, v, x.at, x.count, x.c, step);
          assertBits(expected, w);
        });
  }

  @ParameterizedTest
  @EnumSource
  void shouldFormTheSecondTermOfLans(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          Coefficients c = x.c;
          float[] w = x.values();
          float[] g = x.values();
          float[] v = x.squares();
          float[] r = x.values();
          float[] expected =
              expected(
                  x,
                  r,
                  i ->
                      Elements.updateTerm(
                          g[i], w[i], v[i], c.sqrtVCorrection, c.epsilon, c.weightDecay));
          kernels.gradientUpdates(w, x.at, g, x.at, v, x.at, r, x.at, x.count, c);
          assertBits(expected, r);
        });
  }

  @ParameterizedTest
  @EnumSource
  void shouldSubtractDecayScaleAndAdd(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          float[] w = x.values();
          float[] r = x.values();
          float step = (float) Math.abs(x.random.nextGaussian());
          float[] expected = expected(x, w, i -> Elements.nextWeight(w[i], r[i], step));
          float[] changed = w.clone();
          kernels.subtract(changed, x.at, r, x.at, x.count, step);
          assertBits(expected, changed);

          float[] to = x.values();
          float[] decayed = expected(x, to, i -> Elements.decayed(w[i], step));
          kernels.decay(w, x.at, to, x.at, x.count, step);
          assertBits(decayed, to);

          double scale = x.scale();
          float[] scaled = expected(x, to, i -> Elements.scaledGradient(w[i], scale));
          kernels.scale(w, x.at, to, x.at, x.count, scale);
          assertBits(scaled, to);

          float[] sum = expected(x, w, i -> w[i] + r[i]);
          kernels.add(w, x.at, r, x.at, x.count);
          assertBits(sum, w);
        });
  }

  @ParameterizedTest
  @EnumSource
  void shouldWorkInPlace(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          float[] w = x.values();
          float[] expected = expected(x, w, i -> Elements.decayed(w[i], 0.25f));
          float[] doubled = expected(x, expected, i -> expected[i] + expected[i]);
          float[] scaled = expected(x, doubled, i -> Elements.scaledGradient(doubled[i], 0.3));
          kernels.decay(w, x.at, w, x.at, x.count, 0.25f);
          kernels.add(w, x.at, w, x.at, x.count);
          kernels.scale(w, x.at, w, x.at, x.count, 0.3);
          assertBits(scaled, w);
        });
  }

  @ParameterizedTest
  @EnumSource
  void shouldWidenEveryHalf(Provider provider) {
    short[] halves = new short[1 << 16];
    float[] f16 = new float[halves.length];
    float[] bf16 = new float[halves.length];
    for (int i = 0; i < halves.length; i++) {
      halves[i] = (short) i;
      f16[i] = Half.fromF16(halves[i]);
      bf16[i] = Half.fromBf16(halves[i]);
    }
    TileKernels kernels = provider.kernels();
    float[] actual = new float[halves.length];
    kernels.widenF16(halves, 0, actual, 0, halves.length);
    assertArrayEquals(rawBits(f16), rawBits(actual));
    kernels.widenBf16(halves, 0, actual, 0, halves.length);
    assertArrayEquals(rawBits(bf16), rawBits(actual));
  }

  /** Every rounding case of every exponent, NaN payloads included. */
  @ParameterizedTest
  @EnumSource
  void shouldNarrowFloatsOfEveryExponent(Provider provider) {
    TileKernels kernels = provider.kernels();
    Random random = new Random(5);
    int count = 4000;
    for (int exponent = 0; exponent < 512; exponent++) { // with the sign above it
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        int mantissa = random.nextInt() & 0x7F_FFFF;
        // A tie of F16, a tie of BF16, all zeros, all ones, or anything.
        int bits =
            switch (i % 5) {
              case 0 -> mantissa & ~0x1FFF | 0x1000;
              case 1 -> mantissa & ~0xFFFF | 0x8000;
              case 2 -> mantissa >>> random.nextInt(24);
              case 3 -> 0x7F_FFFF & -1 << random.nextInt(24);
              default -> mantissa;
            };
        values[i] = Float.intBitsToFloat(exponent << 23 | bits);
      }
      short[] f16 = new short[count];
      short[] bf16 = new short[count];
      kernels.narrowF16(values, 0, f16, 0, count);
      kernels.narrowBf16(values, 0, bf16, 0, count);
      for (int i = 0; i < count; i++) {
        int bits = Float.floatToRawIntBits(values[i]);
        assertEquals(Half.toF16(values[i]), f16[i], () -> Integer.toHexString(bits));
        assertEquals(Half.toBf16(values[i]), bf16[i], () -> Integer.toHexString(bits));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldConvertOnlyTheTile(Provider provider) {
    fuzz(
        provider,
        (kernels, x) -> {
          float[] values = x.values();
          short[] halves = new short[values.length];
          Arrays.fill(halves, (short) 7);
          short[] expected = halves.clone();
          for (int i = x.at; i < x.at + x.count; i++) {
            expected[i] = Half.toF16(values[i]);
          }
          kernels.narrowF16(values, x.at, halves, x.at, x.count);
          assertArrayEquals(expected, halves);
          float[] wide = values.clone();
          float[] expectedWide = expected(x, values, i -> Half.fromF16(halves[i]));
          kernels.widenF16(halves, x.at, wide, x.at, x.count);
          assertBits(expectedWide, wide);
        });
  }

  private static int[] rawBits(float[] x) {
    return IntStream.range(0, x.length).map(i -> Float.floatToRawIntBits(x[i])).toArray();
  }
}
