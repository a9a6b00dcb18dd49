package io.github.lamb4j.config;

/** The formula of an update, which {@link Hyperparameters} writes out. */
public enum UpdateRule {
  /** You et al. 2019; without layer adaptation it is AdamW. */
  LAMB,
  /**
   * Zheng et al. 2020 (<a href="https://arxiv.org/abs/2006.13484">arXiv 2006.13484</a>, algorithm
   * 2): each tensor's gradient is normalised, and the update has two terms, one of the momentum and
   * one of the gradient alone, each with a trust ratio of its own. A step reads each gradient three
   * times.
   */
  LANS
}
