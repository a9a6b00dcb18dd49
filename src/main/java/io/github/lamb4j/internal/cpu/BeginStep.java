package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.numerics.BetaPower;
import io.github.lamb4j.internal.numerics.Elements;
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
  private boolean ofNextStep;
  private double nextRate;
  private long step;
  private double rate;
  private double beta1Power = 1;
  private double beta2Power = 1;

  final Coefficients coefficients = new Coefficients();

  BeginStep(Hyperparameters h) {
    beta1 = h.beta1();
    beta2 = h.beta2();
    biasCorrection = h.biasCorrection();
    decoupledDecayRate = h.decoupledDecay() ? h.weightDecay() : 0;
    Coefficients c = coefficients;
    c.beta1Hi = (float) beta1;
    c.beta1Lo = (float) (beta1 - c.beta1Hi);
    c.oneMinusBeta1 = h.gradientAveraging() ? (float) (1 - beta1) : 1;
    c.beta2Hi = (float) beta2;
    c.beta2Lo = (float) (beta2 - c.beta2Hi);
    c.oneMinusBeta2 = (float) (1 - beta2);
    c.epsilon = (float) h.epsilon();
    c.weightDecay = h.decoupledDecay() ? 0 : (float) h.weightDecay();
  }

  /** Stores the learning rate of a future step, or of the next one whatever its number. */
  void learn(long step, double rate) {
    ofNextStep = step == Rates.NEXT_STEP;
    if (ofNextStep) {
      nextRate = rate;
      return;
    }
    rates[(int) (step % Rates.KEPT)] = rate;
    // A step at least Rates.KEPT behind means that the caller has just learned of that many skipped
    // steps: its count is right.
    if (step > knownRates || step + Rates.KEPT <= knownRates) {
      knownRates = step;
    }
  }

  /** Stores the learning rates of future steps; rates of later steps are forgotten. */
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
    rate = ofNextStep ? nextRate : rates[(int) (Rates.nearest(step, knownRates) % Rates.KEPT)];
    double mDivisor = 1 - beta1Power;
    double sqrtVDivisor = Math.sqrt(1 - beta2Power);
    Coefficients c = coefficients;
    c.gradientScale = gradientScale;
    c.learningRate =
        biasCorrection == BiasCorrection.LEARNING_RATE ? rate * (sqrtVDivisor / mDivisor) : rate;
    if (biasCorrection == BiasCorrection.MOMENTS) {
      c.mCorrection = (float) (1 / mDivisor);
      c.sqrtVCorrection = (float) (1 / sqrtVDivisor);
    }
    c.decoupledDecay = Elements.stepSize(rate, decoupledDecayRate);
  }

  long step() {
    return step;
  }

  /** The last step's learning rate, without bias correction. */
  double rate() {
    return rate;
  }

  void setStep(long step) {
    this.step = step;
    knownRates = step;
    rate = 0;
    coefficients.learningRate = 0;
    beta1Power = BetaPower.after(step, beta1);
    beta2Power = BetaPower.after(step, beta2);
  }
}
