package io.github.lamb4j.internal.cpu;

/**
 * The coefficients of one step of one group, set by {@link BeginStep}; the twin of {@code struct
 * Coefficients} in {@code kernels/layout.cuh}.
 */
final class Coefficients {

  /** With its bias correction, if that is where the correction belongs. */
  double learningRate;

  double gradientScale = 1;

  float beta1Hi;
  float beta1Lo;
  float oneMinusBeta1;
  float beta2Hi;
  float beta2Lo;
  float oneMinusBeta2;

  float mCorrection = 1;
  float sqrtVCorrection = 1;
  float epsilon;

  /** The weight decay inside the update; 0 if it is decoupled. */
  float weightDecay;

  /** learning_rate * weight_decay if the weight decay is decoupled, else 0. */
  float decoupledDecay;
}
