package io.github.lamb4j.cpu;

import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.core.BetaPower;

/**
 * A group's step counter, and the step's coefficients from the caller's doubles; the twin of {@code
 * kernels/begin_step.cuh}.
 */
final class BeginStep {

  private final double beta1;
  private final double beta2;
  private final boolean biasCorrection;
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
    oneMinusBeta1 = (float) (1 - beta1);
    beta2Hi = (float) beta2;
    beta2Lo = (float) (beta2 - beta2Hi);
    oneMinusBeta2 = (float) (1 - beta2);
    epsilon = (float) h.epsilon();
    weightDecay = (float) h.weightDecay();
  }

  void begin(double learningRate, double gradientScale) {
    beta1Power *= beta1;
    beta2Power *= beta2;
    this.learningRate = learningRate;
    this.gradientScale = gradientScale;
    if (biasCorrection) {
      mCorrection = (float) (1 / (1 - beta1Power));
      sqrtVCorrection = (float) (1 / Math.sqrt(1 - beta2Power));
    }
  }

  void setStep(long step) {
    beta1Power = BetaPower.after(step, beta1);
    beta2Power = BetaPower.after(step, beta2);
  }
}
