package io.github.lamb4j;

import io.github.lamb4j.model.StateArray;
import java.nio.FloatBuffer;
import java.util.Random;

/** Random arrays and comparisons of arrays. */
public final class Numbers {

  private Numbers() {}

  /** Returns normally distributed numbers. */
  public static float[] normal(Random random, int count, double scale) {
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) (scale * random.nextGaussian());
    }
    return x;
  }

  /** Returns the bits, which distinguish -0.0 from 0.0 and one NaN from another. */
  public static int[] bits(float[] x) {
    int[] bits = new int[x.length];
    for (int i = 0; i < x.length; i++) {
      bits[i] = Float.floatToRawIntBits(x[i]);
    }
    return bits;
  }

  /** Returns the 2-norm of the difference divided by the 2-norm of the expected values. */
  static double relativeError(double[] actual, double[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return difference == 0 ? 0 : Math.sqrt(difference / norm);
  }

  static double relativeError(float[] actual, double[] expected) {
    return relativeError(widened(actual), expected);
  }

  static double relativeError(double actual, double expected) {
    return actual == expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);
  }

  static double[] widened(float[] x) {
    double[] wide = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      wide[i] = x[i];
    }
    return wide;
  }

  /** Returns a complete moment of one parameter. */
  static float[] moment(Lamb lamb, String parameter, StateArray moment, int count) {
    float[] x = new float[count];
    lamb.readState(parameter, moment, 0, FloatBuffer.wrap(x));
    return x;
  }
}
