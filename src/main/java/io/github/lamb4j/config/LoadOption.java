package io.github.lamb4j.config;

/** A difference between optimizer and saved state that {@code Lamb.load} tolerates. */
public enum LoadOption {
  /**
   * The hyperparameters, the learning rate of the last step, {@code maxGradNorm} or the policy for
   * non-finite gradients differ. The optimizer keeps its own settings and takes the saved state.
   */
  OTHER_HYPERPARAMETERS
}
