package io.github.lamb4j.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;

/** Random tiles, and the kernels of each provider to run on them. */
final class KernelFuzz {

  private KernelFuzz() {}

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
  static final class Case {

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
  interface Formula {
    float at(int i);
  }

  interface Check {
    void run(TileKernels kernels, Case x);
  }

  static void fuzz(Provider provider, Check check) {
    TileKernels kernels = provider.kernels();
    for (int round = 0; round < ROUNDS; round++) {
      check.run(kernels, new Case(round));
    }
  }

  static float[] expected(Case x, float[] target, Formula formula) {
    float[] result = target.clone();
    for (int i = x.at; i < x.at + x.count; i++) {
      result[i] = formula.at(i);
    }
    return result;
  }

  /** Any NaN equals any other: the contract leaves their bits open. */
  static void assertBits(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
        throw new AssertionError(
            "element %d of %d: %s, not %s".formatted(i, expected.length, actual[i], expected[i]));
      }
    }
  }

  static void assertBits(double expected, double actual) {
    assertEquals(Double.toHexString(expected), Double.toHexString(actual));
  }
}
