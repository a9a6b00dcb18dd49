package io.github.lamb4j.config;

/** What becomes of the moments' bias towards their zero beginning. */
public enum BiasCorrection {
  /** {@code mhat = m / (1 - beta1^t)}, {@code vhat = v / (1 - beta2^t)}: the paper's way. */
  MOMENTS,
  /**
   * The moments are used as they are, and the learning rate of step t is multiplied by {@code
   * sqrt(1 - beta2^t) / (1 - beta1^t)}: DeepSpeed's way. The trust ratio then sees the uncorrected
   * update. Decoupled weight decay uses the learning rate as it was.
   */
  LEARNING_RATE,
  /** None. */
  NONE
}
