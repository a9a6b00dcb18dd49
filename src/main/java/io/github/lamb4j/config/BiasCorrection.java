package io.github.lamb4j.config;

/** How the moments' bias toward their initial value of zero is corrected. */
public enum BiasCorrection {
  /**
   * The moments are corrected, as in the paper: {@code mhat = m / (1 - beta1^t)}, {@code vhat = v /
   * (1 - beta2^t)}.
   */
  MOMENTS,
  /**
   * The moments are used uncorrected, and the learning rate of step t is multiplied by {@code
   * sqrt(1 - beta2^t) / (1 - beta1^t)}, as in DeepSpeed. The trust ratio then sees the uncorrected
   * update. Decoupled weight decay uses the unmodified learning rate.
   */
  LEARNING_RATE,
  /** No correction. */
  NONE
}
