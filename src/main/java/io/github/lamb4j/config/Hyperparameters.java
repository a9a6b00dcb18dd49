package io.github.lamb4j.config;

import io.github.lamb4j.schedule.Schedule;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The hyperparameters of one parameter group. Immutable and safe to share between threads: the
 * {@code with} methods return modified copies. Every method that takes a value throws {@link
 * IllegalArgumentException} if the value is null or out of range.
 *
 * <p>At step t, with weights w and gradient g of one parameter (the true gradient, after clipping),
 * LAMB (You et al. 2019, <a href="https://arxiv.org/abs/1904.00962">arXiv 1904.00962</a>, algorithm
 * 2) computes the following. Everything is elementwise except the 2-norms, which run over the whole
 * parameter:
 *
 * <pre>
 *   m = beta1 m + (1 - beta1) g                      v = beta2 v + (1 - beta2) g^2
 *   mhat = m / (1 - beta1^t)                         vhat = v / (1 - beta2^t)
 *   r = mhat / (sqrt(vhat) + epsilon) + weightDecay w
 *   ratio = phi(||w||) / ||r||,  1 if either norm is 0 or without layer adaptation
 *   w = w - learningRate ratio r
 * </pre>
 *
 * <p>{@code phi} clamps the weight norm to {@link #weightNormLimits}; the ratio is clamped to
 * {@link #trustRatioLimits} if both norms are nonzero. Weight decay and layer adaptation are
 * independent: by default, a group without weight decay is adapted too. Elements are computed in
 * float32, norms and ratios in float64; {@code kernels/NUMERICS.md} defines every operation.
 *
 * <p>LANS ({@link UpdateRule#LANS}; Zheng et al. 2020, <a
 * href="https://arxiv.org/abs/2006.13484">arXiv 2006.13484</a>, algorithm 2) first divides {@code
 * g} by its norm over the parameter (a zero gradient stays zero), so that clipping and loss scale
 * no longer matter. The update has a second term, whose ratio is computed and clamped in the same
 * way:
 *
 * <pre>
 *   c = g / (sqrt(vhat) + epsilon) + weightDecay w
 *   w = w - learningRate (beta1 ratio(r) r + (1 - beta1) ratio(c) c)
 * </pre>
 */
public final class Hyperparameters {

  private final Values values;

  private Hyperparameters(Values values) {
    values.check();
    this.values = values;
  }

  /**
   * {@return LAMB as in the paper: betas 0.9 and 0.999, epsilon 1e-6, weight decay 0.01, bias
   * correction, no limits}
   *
   * @param learningRate the learning rate as a function of the group's step
   */
  public static Hyperparameters lamb(Schedule learningRate) {
    Values defaults = new Values();
    defaults.learningRate = learningRate;
    return new Hyperparameters(defaults);
  }

  /**
   * {@return {@link #lamb(Schedule)} with a constant learning rate}
   *
   * @param learningRate finite, at least 0
   */
  public static Hyperparameters lamb(double learningRate) {
    return lamb(Schedule.constant(learningRate));
  }

  /**
   * {@return AdamW: {@link #lamb(Schedule)} without layer adaptation and with epsilon 1e-8}
   *
   * @param learningRate the learning rate as a function of the group's step
   */
  public static Hyperparameters adamW(Schedule learningRate) {
    return lamb(learningRate).withEpsilon(1e-8).withLayerAdaptation(LayerAdaptation.NEVER);
  }

  /**
   * {@return {@link #adamW(Schedule)} with a constant learning rate}
   *
   * @param learningRate finite, at least 0
   */
  public static Hyperparameters adamW(double learningRate) {
    return adamW(Schedule.constant(learningRate));
  }

  /**
   * {@return LAMBC: {@link #lamb(Schedule)} with a trust ratio of at most 1}
   *
   * @param learningRate the learning rate as a function of the group's step
   */
  public static Hyperparameters lambC(Schedule learningRate) {
    return lamb(learningRate).withTrustRatioLimits(Limits.atMost(1));
  }

  /**
   * {@return {@link #lambC(Schedule)} with a constant learning rate}
   *
   * @param learningRate finite, at least 0
   */
  public static Hyperparameters lambC(double learningRate) {
    return lambC(Schedule.constant(learningRate));
  }

  /**
   * {@return {@link #lamb(Schedule)} with {@link UpdateRule#LANS}}
   *
   * @param learningRate the learning rate as a function of the group's step
   */
  public static Hyperparameters lans(Schedule learningRate) {
    return lamb(learningRate).withUpdateRule(UpdateRule.LANS);
  }

  /**
   * {@return {@link #lans(Schedule)} with a constant learning rate}
   *
   * @param learningRate finite, at least 0
   */
  public static Hyperparameters lans(double learningRate) {
    return lans(Schedule.constant(learningRate));
  }

  /** {@return the learning rate, a function of the group's own step} */
  public Schedule learningRate() {
    return values.learningRate;
  }

  /** {@return the decay rate of the first moment, in [0, 1)} */
  public double beta1() {
    return values.beta1;
  }

  /** {@return the decay rate of the second moment, in [0, 1)} */
  public double beta2() {
    return values.beta2;
  }

  /**
   * {@return the term added to the square root of the second moment, above 0} Far below 1e-10 it no
   * longer stabilizes updates from gradients whose squares underflow.
   */
  public double epsilon() {
    return values.epsilon;
  }

  /**
   * {@return the weight decay, at least 0} It is part of r, and therefore scaled by the trust
   * ratio, unless it is {@linkplain #decoupledDecay decoupled}.
   */
  public double weightDecay() {
    return values.weightDecay;
  }

  /**
   * {@return whether weight decay bypasses the trust ratio, as in Keras: {@code w = w -
   * learningRate weightDecay w} is applied first, so that {@code ||w||} is the norm of the decayed
   * weights, and r has no decay term} In either case decay enters neither the gradient nor the
   * moments: it is not L2 regularization.
   */
  public boolean decoupledDecay() {
    return values.decoupledDecay;
  }

  /** {@return how the moments' bias toward zero is corrected} */
  public BiasCorrection biasCorrection() {
    return values.biasCorrection;
  }

  /**
   * {@return whether the first moment is an average: if so, m adds {@code (1 - beta1) g}, otherwise
   * {@code g}}
   */
  public boolean gradientAveraging() {
    return values.gradientAveraging;
  }

  /** {@return when the trust ratio is applied} Without it, LAMB is AdamW. */
  public LayerAdaptation layerAdaptation() {
    return values.layerAdaptation;
  }

  /** {@return the limits to which phi clamps the weight norm} */
  public Limits weightNormLimits() {
    return values.weightNormLimits;
  }

  /** {@return the limits to which the trust ratio is clamped} */
  public Limits trustRatioLimits() {
    return values.trustRatioLimits;
  }

  /** {@return the update rule} */
  public UpdateRule updateRule() {
    return values.updateRule;
  }

  /**
   * {@return whether the group's parameters have a trust ratio, taking weight decay into account}
   */
  public boolean isAdapted() {
    return layerAdaptation() == LayerAdaptation.ALWAYS
        || layerAdaptation() == LayerAdaptation.WITH_DECAY && weightDecay() != 0;
  }

  /**
   * {@return a copy with a different learning rate}
   *
   * @param value the learning rate as a function of the group's step
   */
  public Hyperparameters withLearningRate(Schedule value) {
    return with(copy -> copy.learningRate = value);
  }

  /**
   * {@return a copy with a constant learning rate}
   *
   * @param value finite, at least 0
   */
  public Hyperparameters withLearningRate(double value) {
    return withLearningRate(Schedule.constant(value));
  }

  /**
   * {@return a copy with different decay rates of the moments}
   *
   * @param first {@link #beta1}, in [0, 1)
   * @param second {@link #beta2}, in [0, 1)
   */
  public Hyperparameters withBetas(double first, double second) {
    return with(
        copy -> {
          copy.beta1 = first;
          copy.beta2 = second;
        });
  }

  /**
   * {@return a copy with a different {@link #epsilon}}
   *
   * @param value a positive normal float
   */
  public Hyperparameters withEpsilon(double value) {
    return with(copy -> copy.epsilon = value);
  }

  /**
   * {@return a copy with a different {@link #weightDecay}}
   *
   * @param value at least 0, at most the largest float
   */
  public Hyperparameters withWeightDecay(double value) {
    return with(copy -> copy.weightDecay = value);
  }

  /**
   * {@return a copy with {@linkplain #decoupledDecay decoupled decay} on or off}
   *
   * @param value whether weight decay bypasses the trust ratio
   */
  public Hyperparameters withDecoupledDecay(boolean value) {
    return with(copy -> copy.decoupledDecay = value);
  }

  /**
   * {@return a copy with a different bias correction}
   *
   * @param value the bias correction
   */
  public Hyperparameters withBiasCorrection(BiasCorrection value) {
    return with(copy -> copy.biasCorrection = value);
  }

  /**
   * {@return a copy with {@linkplain #gradientAveraging gradient averaging} on or off}
   *
   * @param value whether m adds {@code (1 - beta1) g} instead of {@code g}
   */
  public Hyperparameters withGradientAveraging(boolean value) {
    return with(copy -> copy.gradientAveraging = value);
  }

  /**
   * {@return a copy with a different layer adaptation}
   *
   * @param value when the trust ratio is applied
   */
  public Hyperparameters withLayerAdaptation(LayerAdaptation value) {
    return with(copy -> copy.layerAdaptation = value);
  }

  /**
   * {@return a copy with different limits on the weight norm}
   *
   * @param value the limits of phi
   */
  public Hyperparameters withWeightNormLimits(Limits value) {
    return with(copy -> copy.weightNormLimits = value);
  }

  /**
   * {@return a copy with different limits on the trust ratio}
   *
   * @param value the limits
   */
  public Hyperparameters withTrustRatioLimits(Limits value) {
    return with(copy -> copy.trustRatioLimits = value);
  }

  /**
   * {@return a copy with a different update rule}
   *
   * @param value LAMB or LANS
   */
  public Hyperparameters withUpdateRule(UpdateRule value) {
    return with(copy -> copy.updateRule = value);
  }

  private Hyperparameters with(Consumer<Values> change) {
    Values changed = values.clone();
    change.accept(changed);
    return new Hyperparameters(changed);
  }

  /**
   * {@return every hyperparameter except the learning rate, which is a function, by name and always
   * in the same order} A pair of limits gives two entries, for example {@code trustRatioLimits.min}
   * and {@code trustRatioLimits.max}. State files record these values.
   */
  public Map<String, Object> values() {
    return values.toMap();
  }

  /** Equal if all {@link #values} are equal and the schedules are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Hyperparameters that
        && learningRate().equals(that.learningRate())
        && values().equals(that.values());
  }

  @Override
  public int hashCode() {
    return Objects.hash(learningRate(), values());
  }

  /** The {@link #values}, for a log. The format may change. */
  @Override
  public String toString() {
    return "Hyperparameters" + values();
  }

  /**
   * The list of hyperparameters, with the defaults of {@link #lamb(Schedule)}. Modified only before
   * it is stored in the final field of a Hyperparameters.
   */
  private static final class Values implements Cloneable {
    Schedule learningRate;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-6;
    double weightDecay = 0.01;
    boolean decoupledDecay;
    BiasCorrection biasCorrection = BiasCorrection.MOMENTS;
    boolean gradientAveraging = true;
    LayerAdaptation layerAdaptation = LayerAdaptation.ALWAYS;
    Limits weightNormLimits = Limits.NONE;
    Limits trustRatioLimits = Limits.NONE;
    UpdateRule updateRule = UpdateRule.LAMB;

    void check() {
      requireNonNull("learningRate", learningRate);
      requireBeta("beta1", beta1);
      requireBeta("beta2", beta2);
      // The update is computed in float32. A smaller epsilon would be subnormal or zero there, and
      // 0/0 would reach the weights.
      if (!(epsilon >= Float.MIN_NORMAL && epsilon <= Float.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "epsilon %s: must be from %s to %s; 1e-6 is usual"
                .formatted(epsilon, Float.MIN_NORMAL, Float.MAX_VALUE));
      }
      if (!(weightDecay >= 0 && weightDecay <= Float.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "weightDecay %s: must be from 0 to %s".formatted(weightDecay, Float.MAX_VALUE));
      }
      requireNonNull("biasCorrection", biasCorrection);
      requireNonNull("layerAdaptation", layerAdaptation);
      requireNonNull("weightNormLimits", weightNormLimits);
      requireNonNull("trustRatioLimits", trustRatioLimits);
      requireNonNull("updateRule", updateRule);
    }

    /** In the order of a state file. */
    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("beta1", beta1);
      map.put("beta2", beta2);
      map.put("epsilon", epsilon);
      map.put("weightDecay", weightDecay);
      map.put("decoupledDecay", decoupledDecay);
      map.put("biasCorrection", biasCorrection);
      map.put("gradientAveraging", gradientAveraging);
      map.put("layerAdaptation", layerAdaptation);
      map.put("weightNormLimits.min", weightNormLimits.min());
      map.put("weightNormLimits.max", weightNormLimits.max());
      map.put("trustRatioLimits.min", trustRatioLimits.min());
      map.put("trustRatioLimits.max", trustRatioLimits.max());
      map.put("updateRule", updateRule);
      return Collections.unmodifiableMap(map);
    }

    @Override
    public Values clone() {
      try {
        return (Values) super.clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e); // it is Cloneable
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
}
