package io.github.lamb4j.config;

import io.github.lamb4j.Lamb;

/**
 * What a step does when a gradient is infinite or NaN, or might become so when it is unscaled by
 * less than 1 (their norm, clipped, exceeds the largest float), or when the loss scale or divisor
 * is not a finite number above 0. It is decided where the step runs, without a wait.
 *
 * <p>A skipped step changes no bit of weights, moments and step count, and is counted.
 */
public enum NonFiniteGradients {
  /** Infinities and NaN go where the formulas take them. Nothing is looked at. */
  PROPAGATE,
  /** The step is skipped. */
  SKIP,
  /**
   * The step is skipped, and so is every later one; every report throws, from the first one on.
   * Weights and moments stay as they were before the step that failed. {@link Lamb#load} or {@link
   * Lamb#resumeAt} goes on.
   */
  FAIL
}
