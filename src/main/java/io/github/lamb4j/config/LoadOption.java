package io.github.lamb4j.config;

import io.github.lamb4j.Lamb;

/** What {@link Lamb#load} accepts although the saved state says otherwise. */
public enum LoadOption {
  /**
   * Other hyperparameters, another learning rate at the last step, another {@code maxGradNorm} or
   * policy for non-finite gradients. Those of the optimizer that loads hold from then on; the state
   * is the saved one all the same.
   */
  OTHER_HYPERPARAMETERS
}
