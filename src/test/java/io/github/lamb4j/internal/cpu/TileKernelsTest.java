package io.github.lamb4j.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.lamb4j.internal.numerics.Elements;
import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.internal.numerics.Sums;
import io.github.lamb4j.internal.numerics.Tiling;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The kernels of each provider against the formulas, element by element, at sizes around those of
 * quads, vectors, blocks of vectors and tiles, and at any place in an array.
 */
class TileKernelsTest {

  /** The providers. */
  enum Provider {
    SCALAR {
      @Override
      TileKernels kernels() {
        return new ScalarTileKernels();
      }
    },
    VECTOR {
      @Override
      TileKernels kernels() {
        Optional<Supplier<TileKernels>> kernels = KernelChoice.vectorKernels();
        assumeTrue(kernels.isPresent(), "this processor's vectors are too narrow");
        return kernels.get().get();
      }
    };

    abstract TileKernels kernels();
  }

  private static final int ROUNDS = 300;
  private static final int[] SIZES = {
    0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 1000, 1984, 2047, 2048
  };

  /** A round of the fuzzing: sizes, places and values are random. */
  private static final class Case {

    final Random random;
    final int count;
    final int at;
    final Coefficients c = new Coefficients();

    Case(int round) {
      random = new Random(round);
      count = round < SIZES.length ? SIZES[round] : random.nextInt(round % 10 == 0 ? 7000 : 2049);
      at = random.nextInt(70);
      c.beta1Hi = 0.9f;
      c.beta1Lo = (float) (0.9 - c.beta1Hi);
      c.oneMinusBeta1 = random.nextBoolean() ? 0.1f : 1;
      c.beta2Hi = 0.999f;
      c.beta2Lo = (float) (0.999 - c.beta2Hi);
      c.oneMinusBeta2 = 0.001f;
      c.mCorrection = 1 + 9 * random.nextFloat();
      c.sqrtVCorrection = 1 + 30 * random.nextFloat();
      c.epsilon = random.nextBoolean() ? 1e-6f : Float.MIN_NORMAL;
      c.weightDecay = random.nextInt(3) * 0.01f;
    }

    /** The factor of a clipped gradient, or of one with a loss scale. */
    double scale() {
      return Math.abs(random.nextGaussian()) * Math.pow(2, random.nextInt(80) - 40);
    }

    /** Values of all kinds around the tile, which starts at {@link #at}. */
    float[] values() {
      int kind = random.nextInt(5);
      float[] x = new float[at + count + random.nextInt(9)];
      for (int i = 0; i < x.length; i++) {
        x[i] =
            switch (kind) {
              case 0 -> (float) random.nextGaussian();
              case 1 -> (float) random.nextGaussian() * 0x1p-130f;
              case 2 -> random.nextInt(20) == 0 ? special() : (float) random.nextGaussian();
              case 3 -> Float.intBitsToFloat(random.nextInt());
              default -> (float) (random.nextGaussian() * Math.pow(10, random.nextInt(60) - 30));
            };
      }
      return x;
    }

    /** Second moments: not negative, but NaN and infinities may occur. */
    float[] squares() {
      float[] x = values();
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.abs(x[i]);
      }
      return x;
    }

    private float special() {
      float[] specials = {
        0f,
        -0f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        Float.MAX_VALUE,
        -Float.MAX_VALUE
      };
      return specials[random.nextInt(specials.length)];
    }
  }

  /** One value of each array per element, at the same index in all of them. */
  private interface Formula {
    float at(int i);
  }

  private interface Check {
    void run(TileKernels kernels, Case x);
  }

  private static void fuzz(Provider provider, Check check) {
    TileKernels kernels = provider.kernels();
    for (int round = 0; round < ROUNDS; round++) {
      check.run(kernels, new Case(round));
    }
  }

  private static float[] expected(Case x, float[] target, Formula formula) {
    float[] result = target.clone();
    for (int i = x.at; i < x.at + x.count; i++) {
      result[i] = formula.at(i);
    }
    return result;
  }

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
          float[] r = new float[x.count];
          float[] expected = new float[x.at + x.count];
          float[] shiftedG = new float[x.count + 3];
          System.arraycopy(g, x.at, shiftedG, 3, x.count);
          kernels.moments(
              w, x.at, g, x.at, m.clone(), v.clone(), x.at, expected, x.at, x.count, x.c);
          kernels.moments(w, x.at, shiftedG, 3, m, v, x.at, r, 0, x.count, x.c);
          assertBits(Arrays.copyOfRange(expected, x.at, x.at + x.count), r);
        });
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

  /** Any NaN equals any other: the contract leaves their bits open. */
  private static void assertBits(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
        throw new AssertionError(
            "element %d of %d: %s, not %s".formatted(i, expected.length, actual[i], expected[i]));
      }
    }
  }

  private static void assertBits(double expected, double actual) {
    assertEquals(Double.toHexString(expected), Double.toHexString(actual));
  }

  private static int[] rawBits(float[] x) {
    return IntStream.range(0, x.length).map(i -> Float.floatToRawIntBits(x[i])).toArray();
  }
}
