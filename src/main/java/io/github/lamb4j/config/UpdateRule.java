package io.github.lamb4j.config;

/** The formula of an update; {@link Hyperparameters} states both. */
public enum UpdateRule {
  /** You et al. 2019. Without layer adaptation, this is AdamW. */
  LAMB,
  /**
   * Zheng et al. 2020 (<a href="https://arxiv.org/abs/2006.13484">arXiv 2006.13484</a>, algorithm
   * 2): each parameter's gradient is normalized, and the update has two terms, one from the first
   * moment and one from the gradient, each with its own trust ratio. A step reads each gradient
   * three times.
   */
  LANS
}
