package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.numerics.BetaPower;
import io.github.lamb4j.internal.numerics.Rates;

/**
 * A group's step counter, and the step's coefficients from the caller's doubles; the twin of {@code
 * kernels/begin_step.cuh}.
 */
final class BeginStep {

  private final double beta1;
  private final double beta2;
  private final double decoupledDecayRate;
  private final BiasCorrection biasCorrection;
  private final double[] rates = new double[Rates.KEPT];
  private long knownRates;
  private long step;
  private double beta1Power = 1;
  private double beta2Power = 1;

  final float beta1Hi;
  final float beta1Lo;
  final float oneMinusBeta1;
  final float beta2Hi;
  final float beta2Lo;
  final float oneMinusBeta2;
  final float epsilon;
  final float weightDecay;
  float decoupledDecay;
  float mCorrection = 1;
  float sqrtVCorrection = 1;
  double learningRate;
  double gradientScale = 1;

  BeginStep(Hyperparameters h) {
    beta1 = h.beta1();
    beta2 = h.beta2();
    biasCorrection = h.biasCorrection();
    beta1Hi = (float) beta1;
    beta1Lo = (float) (beta1 - beta1Hi);
    oneMinusBeta1 = h.gradientAveraging() ? (float) (1 - beta1) : 1;
    beta2Hi = (float) beta2;
    beta2Lo = (float) (beta2 - beta2Hi);
    oneMinusBeta2 = (float) (1 - beta2);
    epsilon = (float) h.epsilon();
    weightDecay = h.decoupledDecay() ? 0 : (float) h.weightDecay();
    decoupledDecayRate = h.decoupledDecay() ? h.weightDecay() : 0;
  }

  /** Keeps the rate of a step to come. */
  void learn(long step, double rate) {
    rates[(int) (step % Rates.KEPT)] = rate;
    // Far below is a host that has heard of more skips than there are rates kept.
    if (step > knownRates || step + Rates.KEPT <= knownRates) {
      knownRates = step;
    }
  }

  /** Keeps the rates of steps to come, and none that is later. */
  void prepare(long first, double[] values) {
    knownRates = 0;
    for (int i = 0; i < values.length; i++) {
      learn(first + i, values[i]);
    }
  }

  void begin(double gradientScale) {
    step++;
    beta1Power *= beta1;
    beta2Power *= beta2;
    this.gradientScale = gradientScale;
    double rate = rates[(int) (Rates.nearest(step, knownRates) % Rates.KEPT)];
    double mDivisor = 1 - beta1Power;
    double sqrtVDivisor = Math.sqrt(1 - beta2Power);
    learningRate =
        biasCorrection == BiasCorrection.LEARNING_RATE ? rate * (sqrtVDivisor / mDivisor) : rate;
    if (biasCorrection == BiasCorrection.MOMENTS) {
      mCorrection = (float) (1 / mDivisor);
      sqrtVCorrection = (float) (1 / sqrtVDivisor);
    }
    decoupledDecay = Elements.stepSize(rate, decoupledDecayRate);
  }

  long step() {
    return step;
  }

  void setStep(long step) {
    this.step = step;
    knownRates = step;
    learningRate = 0;
    beta1Power = BetaPower.after(step, beta1);
    beta2Power = BetaPower.after(step, beta2);
  }
}
