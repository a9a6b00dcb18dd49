package io.github.lamb4j.tools.bench;

import java.util.SplittableRandom;

/**
 * Random values of both signs, bounded away from zero: hardware may be faster on zeros and slower
 * on subnormal numbers.
 */
final class RandomValues {

  /** The scale of weights in trained models. */
  static final float WEIGHTS = 0.02f;

  static final float GRADIENTS = 1e-3f;

  private RandomValues() {}

  /** Values with magnitudes between 0.5 and 1.5 times {@code scale}. */
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
