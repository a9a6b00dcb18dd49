package io.github.lamb4j.tools.bench;

import java.util.SplittableRandom;

/**
 * Values of both signs that are never zero or near it: hardware may be faster with zeros, and is
 * slower with subnormal numbers.
 */
final class RandomValues {

  /** What weights of trained models are like. */
  static final float WEIGHTS = 0.02f;

  static final float GRADIENTS = 1e-3f;

  private RandomValues() {}

  /** Values whose magnitude is between half and one and a half of {@code scale}. */
  static float[] of(long seed, int count, float scale) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      long bits = random.nextLong();
      float magnitude = 0.5f + (bits >>> 40) * 0x1p-24f;
      values[i] = (bits & 1) == 0 ? scale * magnitude : -scale * magnitude;
    }
    return values;
  }
}
