package io.github.lamb4j.internal.numerics;

/**
 * The element formulas of {@code kernels/NUMERICS.md}, in binary32; with {@link Sums} the twin of
 * {@code kernels/numerics.cuh}. An fma here is an fma there.
 */
public final class Elements {

  private Elements() {}

  /** g = gradient * scale, rounded once from binary64. */
  public static float scaledGradient(float gradient, double scale) {
    return (float) (gradient * scale);
  }

  /** m = beta1 m + (1 - beta1) g, with beta1 carried as the sum of two floats. */
  public static float nextM(float m, float g, float beta1Hi, float beta1Lo, float oneMinusBeta1) {
    return Math.fma(beta1Hi, m, Math.fma(beta1Lo, m, oneMinusBeta1 * g));
  }

  /** v = beta2 v + ((1 - beta2) g) g: in this order g^2 alone may overflow. */
  public static float nextV(float v, float g, float beta2Hi, float beta2Lo, float oneMinusBeta2) {
    return Math.fma(beta2Hi, v, Math.fma(beta2Lo, v, oneMinusBeta2 * g * g));
  }

  /**
   * Decoupled weight decay, w - learning_rate weight_decay w, applied before all other arithmetic
   * on w. Callers skip it for a decay of 0, which would turn an infinite weight into NaN.
   */
  public static float decayed(float w, float decoupledDecay) {
    return Math.fma(-decoupledDecay, w, w);
  }

  /** r = numerator / (sqrt(vhat) + epsilon) + weight_decay w. */
  public static float updateTerm(
      float numerator, float w, float v, float sqrtVCorrection, float epsilon, float weightDecay) {
    float denominator = Math.fma((float) Math.sqrt(v), sqrtVCorrection, epsilon);
    return Math.fma(weightDecay, w, numerator / denominator);
  }

  /** The numerator is mhat: LAMB's r, and the first term of LANS. */
  public static float update(
      float w,
      float m,
      float v,
      float mCorrection,
      float sqrtVCorrection,
      float epsilon,
      float weightDecay) {
    return updateTerm(m * mCorrection, w, v, sqrtVCorrection, epsilon, weightDecay);
  }

  /**
   * learning_rate * ratio, rounded once and limited to the largest float: an infinite step size
   * would turn an update of 0 into NaN.
   */
  public static float stepSize(double learningRate, double ratio) {
    double size = learningRate * ratio;
    return (float) (size > Float.MAX_VALUE ? Float.MAX_VALUE : size);
  }

  /** w = w - step r. */
  public static float nextWeight(float w, float r, float step) {
    return Math.fma(-step, r, w);
  }
}
