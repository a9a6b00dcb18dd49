package io.github.lamb4j.internal.numerics;

import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** The two 16-bit formats of {@link Half}, for code that handles either. */
public enum HalfFormat {
  /** IEEE 754 half precision. */
  F16 {
    @Override
    public float widen(short half) {
      return Half.fromF16(half);
    }

    @Override
    public short narrow(float value) {
      return Half.toF16(value);
    }
  },

  /** bfloat16. */
  BF16 {
    @Override
    public float widen(short half) {
      return Half.fromBf16(half);
    }

    @Override
    public short narrow(float value) {
      return Half.toBf16(value);
    }
  };

  /** The exact value of a half. */
  public abstract float widen(short half);

  /** The half nearest to a value. */
  public abstract short narrow(float value);

  /** Widens the remaining elements of the source. */
  public void widen(ShortBuffer source, FloatBuffer target) {
    while (source.hasRemaining()) {
      target.put(widen(source.get()));
    }
  }

  /**
   * Narrows the remaining elements of the source. Both buffers may start at the same memory: each
   * element is read before it is overwritten.
   */
  public void narrow(FloatBuffer source, ShortBuffer target) {
    while (source.hasRemaining()) {
      target.put(narrow(source.get()));
    }
  }
}
