package io.github.lamb4j.config;

/** A difference between optimizer and saved state that {@code Lamb.load} tolerates. */
public enum LoadOption {
  /**
   * The hyperparameters, the learning rate of the last step, {@code maxGradNorm} or the policy for
   * non-finite gradients differ. The optimizer keeps its own settings and takes the saved state.
   */
  OTHER_HYPERPARAMETERS,
  /**
   * The learning rate of a group's last step differs from the one that this optimizer would use for
   * that step: the one that {@code Lamb.setLearningRate} has set, or that of its schedule.
   */
  OTHER_LEARNING_RATE,
  /** Float32 weights differ from those whose checksums the state contains. */
  OTHER_WEIGHTS
}
