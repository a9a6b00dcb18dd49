package io.github.lamb4j;

/**
 * What a step does when a gradient is infinite or NaN, or the loss scale or divisor is not a finite
 * number above 0. It is decided where the step runs, without a wait.
 *
 * <p>A skipped step changes no bit of weights, moments and step count, and is counted.
 */
public enum NonFiniteGradients {
  /** Infinities and NaN go where the formulas take them. Nothing is looked at. */
  PROPAGATE,
  /** The step is skipped. */
  SKIP,
  /**
   * The step is skipped, and so is every later one, until somebody asks for a report: that call
   * throws. Weights and moments are then as they were before the step that failed.
   */
  FAIL
}
