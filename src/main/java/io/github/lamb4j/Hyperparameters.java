package io.github.lamb4j;

/**
 * The hyperparameters of one parameter group. Immutable; the {@code with} methods give changed
 * copies.
 *
 * <p>At step t, for each parameter of the group, elementwise but for the norms (You et al. 2019,
 * algorithm 2):
 *
 * <pre>
 *   m = beta1 m + (1 - beta1) g                      v = beta2 v + (1 - beta2) g^2
 *   mhat = m / (1 - beta1^t)                         vhat = v / (1 - beta2^t)
 *   r = mhat / (sqrt(vhat) + epsilon) + weightDecay w
 *   ratio = phi(||w||) / ||r||,  1 if either norm is 0 or without layer adaptation
 *   w = w - learningRate ratio r
 * </pre>
 *
 * <p>{@code phi} clamps to {@code weightNormLimits}; the ratio is clamped to {@code
 * trustRatioLimits} where both norms are non-zero. Weight decay and layer adaptation are
 * independent: a group without decay is adapted all the same.
 *
 * @param learningRate a function of the step
 * @param beta1 decay rate of the first moment, in [0, 1)
 * @param beta2 decay rate of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment, above 0; far below 1e-10 it no longer
 *     tames gradients whose squares underflow
 * @param weightDecay 0 or more; part of r, so that the trust ratio sees it
 * @param biasCorrection whether the moments are divided by {@code 1 - beta^t}
 * @param layerAdaptation whether the trust ratio is applied; without it this is AdamW
 * @param weightNormLimits what phi clamps the weight norm to
 * @param trustRatioLimits what the trust ratio is clamped to
 */
public record Hyperparameters(
    Schedule learningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    boolean biasCorrection,
    boolean layerAdaptation,
    Limits weightNormLimits,
    Limits trustRatioLimits) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public Hyperparameters {
    requireNonNull("learningRate", learningRate);
    requireBeta("beta1", beta1);
    requireBeta("beta2", beta2);
    // Smaller ones would be subnormal or zero in the binary32 arithmetic of the update, and 0/0 is
    // not a step.
    if (!(epsilon >= Float.MIN_NORMAL && epsilon <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "epsilon "
              + epsilon
              + ": must be from "
              + Float.MIN_NORMAL
              + " to "
              + Float.MAX_VALUE
              + "; 1e-6 is usual");
    }
    if (!(weightDecay >= 0 && weightDecay <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "weightDecay " + weightDecay + ": must be from 0 to " + Float.MAX_VALUE);
    }
    requireNonNull("weightNormLimits", weightNormLimits);
    requireNonNull("trustRatioLimits", trustRatioLimits);
  }

  /**
   * LAMB as in the paper: betas 0.9 and 0.999, epsilon 1e-6, weight decay 0.01, bias correction, no
   * limits.
   */
  public static Hyperparameters lamb(Schedule learningRate) {
    return new Hyperparameters(
        learningRate, 0.9, 0.999, 1e-6, 0.01, true, true, Limits.NONE, Limits.NONE);
  }

  /** {@link #lamb(Schedule)} with a constant learning rate. */
  public static Hyperparameters lamb(double learningRate) {
    return lamb(Schedule.constant(learningRate));
  }

  /** AdamW: {@link #lamb(Schedule)} without layer adaptation, epsilon 1e-8. */
  public static Hyperparameters adamW(Schedule learningRate) {
    return lamb(learningRate).withEpsilon(1e-8).withLayerAdaptation(false);
  }

  /** {@link #adamW(Schedule)} with a constant learning rate. */
  public static Hyperparameters adamW(double learningRate) {
    return adamW(Schedule.constant(learningRate));
  }

  /** With another learning rate. */
  public Hyperparameters withLearningRate(Schedule value) {
    return new Hyperparameters(
        value,
        beta1,
        beta2,
        epsilon,
        weightDecay,
        biasCorrection,
        layerAdaptation,
        weightNormLimits,
        trustRatioLimits);
  }

  /** With a constant learning rate. */
  public Hyperparameters withLearningRate(double value) {
    return withLearningRate(Schedule.constant(value));
  }

  /** With other decay rates of the moments. */
  public Hyperparameters withBetas(double first, double second) {
    return new Hyperparameters(
        learningRate,
        first,
        second,
        epsilon,
        weightDecay,
        biasCorrection,
        layerAdaptation,
        weightNormLimits,
        trustRatioLimits);
  }

  /** With another epsilon. */
  public Hyperparameters withEpsilon(double value) {
    return new Hyperparameters(
        learningRate,
        beta1,
        beta2,
        value,
        weightDecay,
        biasCorrection,
        layerAdaptation,
        weightNormLimits,
        trustRatioLimits);
  }

  /** With another weight decay. */
  public Hyperparameters withWeightDecay(double value) {
    return new Hyperparameters(
        learningRate,
        beta1,
        beta2,
        epsilon,
        value,
        biasCorrection,
        layerAdaptation,
        weightNormLimits,
        trustRatioLimits);
  }

  /** With bias correction on or off. */
  public Hyperparameters withBiasCorrection(boolean value) {
    return new Hyperparameters(
        learningRate,
        beta1,
        beta2,
        epsilon,
        weightDecay,
        value,
        layerAdaptation,
        weightNormLimits,
        trustRatioLimits);
  }

  /** With layer adaptation on or off. */
  public Hyperparameters withLayerAdaptation(boolean value) {
    return new Hyperparameters(
        learningRate,
        beta1,
        beta2,
        epsilon,
        weightDecay,
        biasCorrection,
        value,
        weightNormLimits,
        trustRatioLimits);
  }

  /** With other limits of the weight norm. */
  public Hyperparameters withWeightNormLimits(Limits value) {
    return new Hyperparameters(
        learningRate,
        beta1,
        beta2,
        epsilon,
        weightDecay,
        biasCorrection,
        layerAdaptation,
        value,
        trustRatioLimits);
  }

  /** With other limits of the trust ratio. */
  public Hyperparameters withTrustRatioLimits(Limits value) {
    return new Hyperparameters(
        learningRate,
        beta1,
        beta2,
        epsilon,
        weightDecay,
        biasCorrection,
        layerAdaptation,
        weightNormLimits,
        value);
  }

  private static void requireBeta(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " " + value + ": must be in [0, 1)");
    }
  }

  private static void requireNonNull(String name, Object value) {
    if (value == null) {
      throw new IllegalArgumentException(name + ": null");
    }
  }
}
