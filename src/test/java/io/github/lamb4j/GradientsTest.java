package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clipping of gradients as they are read, without changing them in memory. */
class GradientsTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.01);

  /** The factor from a gradient to m after one step. */
  private static final double SHARE = 1 - 0.9;

  @ParameterizedTest
  @ValueSource(doubles = {1e-3, 1, 1e9})
  void shouldNotWriteGradients(double maxNorm) {
    float[] w = Numbers.normal(new Random(1), 5000, 0.05);
    float[] g = Numbers.normal(new Random(2), 5000, 1);
    g[17] = -0.0f;
    g[18] = Float.MIN_VALUE;
    g[19] = Float.intBitsToFloat(0x7fc12345); // a NaN with a payload
    int[] before = Numbers.bits(g);
    try (Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(maxNorm)
            .group("g", LAMB, Parameter.onHost("w", w, g))
            .threads(2)
            .build()) {
      for (int step = 0; step < 5; step++) {
        lamb.step();
        assertArrayEquals(before, Numbers.bits(g));
        g[19] = 1;
        before[19] = Float.floatToRawIntBits(1);
      }
    }
  }

  @Test
  void shouldClipByGlobalNorm() {
    try (Lamb lamb = threeAndFour(2.5)) {
      assertEquals(5, lamb.gradientNorm());
      assertEquals(SHARE * 1.5, firstMoment(lamb, "a"), 1e-8);
      assertEquals(SHARE * -2, firstMoment(lamb, "b"), 1e-8);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {5, 5.000001, 1e300, Double.MAX_VALUE})
  void shouldNotScaleGradientsWithinNorm(double maxNorm) {
    try (Lamb clipped = threeAndFour(maxNorm);
        Lamb unclipped = threeAndFour(Double.NaN)) {
      assertEquals(5, clipped.gradientNorm());
      for (String name : new String[] {"a", "b"}) {
        assertEquals(firstMoment(unclipped, name), firstMoment(clipped, name));
      }
    }
  }

  @Test
  void shouldClipWithoutEpsilon() {
    // With the usual epsilon of 1e-6, only half of these gradients would remain.
    try (Lamb lamb = threeAndFour(5e-6)) {
      assertEquals(SHARE * 3e-6, firstMoment(lamb, "a"), 1e-13);
    }
    float[] g = {3e-6f, 4e-6f};
    try (Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(1e-6)
            .group("g", LAMB, Parameter.onHost("a", new float[2], g))
            .build()) {
      lamb.step();
      assertEquals(SHARE * 6e-7, firstMoment(lamb, "a"), 1e-13);
    }
  }

  @Test
  void shouldClipToSmallestNorm() {
    try (Lamb lamb = threeAndFour(Double.MIN_VALUE)) {
      assertEquals(0, firstMoment(lamb, "a"));
      assertEquals(5, lamb.gradientNorm());
    }
  }

  @Test
  void shouldComputeNormAtEveryStep() {
    float[] g = {6, 8};
    try (Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(5)
            .group("g", LAMB.withBetas(0, 0.999), Parameter.onHost("a", new float[2], g))
            .build()) {
      lamb.step();
      assertEquals(10, lamb.gradientNorm());
      assertEquals(3, firstMoment(lamb, "a"));
      g[0] = 0.3f;
      g[1] = 0.4f;
      lamb.step();
      assertEquals(0.5, lamb.gradientNorm(), 1e-7);
      assertEquals(0.3f, firstMoment(lamb, "a"));
    }
  }

  @Test
  void shouldNotChangeDirectionByClipping() {
    // Without epsilon and decay, LAMB does not depend on the scale of its first gradients.
    float[] clipped = {1, 2, 3};
    float[] unclipped = {1, 2, 3};
    Hyperparameters h = LAMB.withWeightDecay(0).withEpsilon(1e-30);
    for (float[] w : new float[][] {clipped, unclipped}) {
      try (Lamb lamb =
          Lamb.onCpu()
              .maxGradNorm(w == clipped ? 1e-3 : 1e3)
              .group("g", h, Parameter.onHost("w", w, new float[] {3, -4, 5}))
              .build()) {
        lamb.step();
      }
    }
    assertArrayEquals(unclipped, clipped, 1e-6f);
    assertTrue(clipped[0] < 1 && clipped[1] > 2 && clipped[2] < 3);
  }

  /** Takes one step of two groups with gradients 3 and -4. */
  private static Lamb threeAndFour(double maxNorm) {
    LambBuilder builder =
        Lamb.onCpu()
            .group("first", LAMB, Parameter.onHost("a", new float[] {1}, new float[] {3}))
            .group("second", LAMB, Parameter.onHost("b", new float[] {1}, new float[] {-4}));
    if (!Double.isNaN(maxNorm)) {
      builder.maxGradNorm(maxNorm);
    }
    Lamb lamb = builder.threads(1).build();
    lamb.step();
    return lamb;
  }

  private static float firstMoment(Lamb lamb, String name) {
    return Numbers.moment(lamb, name, StateArray.FIRST_MOMENT, 1)[0];
  }
}
