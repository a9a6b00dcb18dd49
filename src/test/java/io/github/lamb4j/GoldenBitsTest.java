package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.LayerStats;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/**
 * The recorded bits of one run. They define the format: changing a constant here breaks the promise
 * that a run can be repeated or resumed bit for bit with another version of this library.
 *
 * <p>A program in another language, written from {@code kernels/*.cuh}, computed the same constants
 * independently.
 */
class GoldenBitsTest {

  private static final String GOLDEN =
      """
      small be8565a5 3ddf5919 3ecd940d 3ed50047 3e4bef7b 3d3793b9 3eaebe6c
      large be8530b5 3e9aa39c bdb80cd7 3c52740e ... crc 6a02d6c2
      m crc 3bff295e
      v crc 6d51f91f
      |g| 0x1.c4c4e0efa1735p7
      |w| 0x1.c52d0df5366cdp7
      |r| 0x1.86a239186990ap9
      ratio 0x1.28fca011f3b55p-2""";

  private static final int STEPS = 3;
  private static final int LARGE = 300 * 2048 + 5; // more tiles than lanes, and a partial tile

  @Test
  void shouldGiveGoldenBits() {
    float[] small = uniform(1, 7);
    float[] large = uniform(2, LARGE);
    float[] smallGradients = uniform(3, 7);
    float[] largeGradients = uniform(4, LARGE);
    Hyperparameters h = Hyperparameters.lamb(0.01);
    try (Lamb lamb =
        Lamb.onCpu()
            .group("large", h, Parameter.onHost("large", large, largeGradients))
            .group(
                "small",
                h.withWeightDecay(0).withBetas(0.8, 0.99),
                Parameter.onHost("small", small, smallGradients))
            .maxGradNorm(1)
            .build()) {
      for (int step = 0; step < STEPS; step++) {
        lamb.step();
      }
      LayerStats norms = lamb.layerStats().get(0);
      String outcome =
          String.join(
              "\n",
              "small " + hex(small),
              "large " + hex(Arrays.copyOf(large, 4)) + " ... crc " + crc(large),
              "m crc " + crc(Numbers.moment(lamb, "large", StateArray.FIRST_MOMENT, LARGE)),
              "v crc " + crc(Numbers.moment(lamb, "large", StateArray.SECOND_MOMENT, LARGE)),
              "|g| " + Double.toHexString(lamb.gradientNorm()),
              "|w| " + Double.toHexString(norms.weightNorm()),
              "|r| " + Double.toHexString(norms.updateNorm()),
              "ratio " + Double.toHexString(norms.trustRatio()));
      assertEquals(GOLDEN, outcome);
    }
  }

  /** Random numbers in [-0.5, 0.5), computed with exact arithmetic only. */
  private static float[] uniform(long seed, int count) {
    Random random = new Random(seed);
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (random.nextInt() >> 8) * 0x1p-24f;
    }
    return x;
  }

  private static String hex(float[] x) {
    return Arrays.stream(Numbers.bits(x))
        .mapToObj(Integer::toHexString)
        .collect(Collectors.joining(" "));
  }

  private static String crc(float[] x) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * x.length);
    bytes.asFloatBuffer().put(FloatBuffer.wrap(x));
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return Long.toHexString(crc.getValue());
  }
}
