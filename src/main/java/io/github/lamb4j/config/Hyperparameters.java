package io.github.lamb4j.config;

import io.github.lamb4j.schedule.Schedule;
import java.util.function.Consumer;

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
 * <p>With {@link UpdateRule#LANS} (Zheng et al. 2020, algorithm 2), {@code g} is divided by its own
 * norm over the parameter first (a zero gradient stays zero), so that clipping and loss scale no
 * longer matter, and the update has a second term, whose ratio is formed and clamped likewise:
 *
 * <pre>
 *   c = g / (sqrt(vhat) + epsilon) + weightDecay w
 *   w = w - learningRate (beta1 ratio(r) r + (1 - beta1) ratio(c) c)
 * </pre>
 *
 * @param learningRate a function of the group's own step
 * @param beta1 decay rate of the first moment, in [0, 1)
 * @param beta2 decay rate of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment, above 0; far below 1e-10 it no longer
 *     tames gradients whose squares underflow
 * @param weightDecay 0 or more; part of r, so that the trust ratio sees it, unless decoupled
 * @param decoupledDecay whether weight decay is outside the ratio: {@code w = w - learningRate
 *     weightDecay w} before all else, the norm of w included, and r without it. Keras's way
 * @param biasCorrection where the moments' bias is corrected
 * @param gradientAveraging whether m takes {@code (1 - beta1) g}; else it takes g itself
 * @param layerAdaptation whether the trust ratio is applied; without it this is AdamW
 * @param weightNormLimits what phi clamps the weight norm to
 * @param trustRatioLimits what the trust ratio is clamped to
 * @param updateRule LAMB or LANS
 */
public record Hyperparameters(
    Schedule learningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    boolean decoupledDecay,
    BiasCorrection biasCorrection,
    boolean gradientAveraging,
    LayerAdaptation layerAdaptation,
    Limits weightNormLimits,
    Limits trustRatioLimits,
    UpdateRule updateRule) {

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
    requireNonNull("biasCorrection", biasCorrection);
    requireNonNull("layerAdaptation", layerAdaptation);
    requireNonNull("weightNormLimits", weightNormLimits);
    requireNonNull("trustRatioLimits", trustRatioLimits);
    requireNonNull("updateRule", updateRule);
  }

  /**
   * LAMB as in the paper: betas 0.9 and 0.999, epsilon 1e-6, weight decay 0.01, bias correction, no
   * limits.
   */
  public static Hyperparameters lamb(Schedule learningRate) {
    return new Hyperparameters(
        learningRate,
        0.9,
        0.999,
        1e-6,
        0.01,
        false,
        BiasCorrection.MOMENTS,
        true,
        LayerAdaptation.ALWAYS,
        Limits.NONE,
        Limits.NONE,
        UpdateRule.LAMB);
  }

  /** {@link #lamb(Schedule)} with a constant learning rate. */
  public static Hyperparameters lamb(double learningRate) {
    return lamb(Schedule.constant(learningRate));
  }

  /** AdamW: {@link #lamb(Schedule)} without layer adaptation, epsilon 1e-8. */
  public static Hyperparameters adamW(Schedule learningRate) {
    return lamb(learningRate).withEpsilon(1e-8).withLayerAdaptation(LayerAdaptation.NEVER);
  }

  /** {@link #adamW(Schedule)} with a constant learning rate. */
  public static Hyperparameters adamW(double learningRate) {
    return adamW(Schedule.constant(learningRate));
  }

  /** LAMBC: {@link #lamb(Schedule)} with a trust ratio of at most 1. */
  public static Hyperparameters lambC(Schedule learningRate) {
    return lamb(learningRate).withTrustRatioLimits(Limits.atMost(1));
  }

  /** {@link #lambC(Schedule)} with a constant learning rate. */
  public static Hyperparameters lambC(double learningRate) {
    return lambC(Schedule.constant(learningRate));
  }

  /** {@link UpdateRule#LANS}, otherwise as {@link #lamb(Schedule)}. */
  public static Hyperparameters lans(Schedule learningRate) {
    return lamb(learningRate).withUpdateRule(UpdateRule.LANS);
  }

  /** {@link #lans(Schedule)} with a constant learning rate. */
  public static Hyperparameters lans(double learningRate) {
    return lans(Schedule.constant(learningRate));
  }

  /** Whether the group's parameters have a trust ratio, weight decay considered. */
  public boolean isAdapted() {
    return layerAdaptation == LayerAdaptation.ALWAYS
        || layerAdaptation == LayerAdaptation.WITH_DECAY && weightDecay != 0;
  }

  /** With another learning rate. */
  public Hyperparameters withLearningRate(Schedule value) {
    return with(draft -> draft.learningRate = value);
  }

  /** With a constant learning rate. */
  public Hyperparameters withLearningRate(double value) {
    return withLearningRate(Schedule.constant(value));
  }

  /** With other decay rates of the moments. */
  public Hyperparameters withBetas(double first, double second) {
    return with(
        draft -> {
          draft.beta1 = first;
          draft.beta2 = second;
        });
  }

  /** With another epsilon. */
  public Hyperparameters withEpsilon(double value) {
    return with(draft -> draft.epsilon = value);
  }

  /** With another weight decay. */
  public Hyperparameters withWeightDecay(double value) {
    return with(draft -> draft.weightDecay = value);
  }

  /** With weight decay outside the trust ratio, or in it. */
  public Hyperparameters withDecoupledDecay(boolean value) {
    return with(draft -> draft.decoupledDecay = value);
  }

  /** With another bias correction. */
  public Hyperparameters withBiasCorrection(BiasCorrection value) {
    return with(draft -> draft.biasCorrection = value);
  }

  /** With gradient averaging on or off. */
  public Hyperparameters withGradientAveraging(boolean value) {
    return with(draft -> draft.gradientAveraging = value);
  }

  /** With another layer adaptation. */
  public Hyperparameters withLayerAdaptation(LayerAdaptation value) {
    return with(draft -> draft.layerAdaptation = value);
  }

  /** With other limits of the weight norm. */
  public Hyperparameters withWeightNormLimits(Limits value) {
    return with(draft -> draft.weightNormLimits = value);
  }

  /** With other limits of the trust ratio. */
  public Hyperparameters withTrustRatioLimits(Limits value) {
    return with(draft -> draft.trustRatioLimits = value);
  }

  /** With another update rule. */
  public Hyperparameters withUpdateRule(UpdateRule value) {
    return with(draft -> draft.updateRule = value);
  }

  private Hyperparameters with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.finish();
  }

  /** A copy that can be changed, so that no change has to name all that it leaves alone. */
  private static final class Draft {
    Schedule learningRate;
    double beta1;
    double beta2;
    double epsilon;
    double weightDecay;
    boolean decoupledDecay;
    BiasCorrection biasCorrection;
    boolean gradientAveraging;
    LayerAdaptation layerAdaptation;
    Limits weightNormLimits;
    Limits trustRatioLimits;
    UpdateRule updateRule;

    Draft(Hyperparameters h) {
      learningRate = h.learningRate;
      beta1 = h.beta1;
      beta2 = h.beta2;
      epsilon = h.epsilon;
      weightDecay = h.weightDecay;
      decoupledDecay = h.decoupledDecay;
      biasCorrection = h.biasCorrection;
      gradientAveraging = h.gradientAveraging;
      layerAdaptation = h.layerAdaptation;
      weightNormLimits = h.weightNormLimits;
      trustRatioLimits = h.trustRatioLimits;
      updateRule = h.updateRule;
    }

    Hyperparameters finish() {
      return new Hyperparameters(
          learningRate,
          beta1,
          beta2,
          epsilon,
          weightDecay,
          decoupledDecay,
          biasCorrection,
          gradientAveraging,
          layerAdaptation,
          weightNormLimits,
          trustRatioLimits,
          updateRule);
    }
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
