package io.github.lamb4j.config;

/**
 * The policy for steps whose gradients are not finite. A step counts as non-finite if
 *
 * <ul>
 *   <li>a gradient is infinite or NaN;
 *   <li>a gradient could overflow when it is unscaled by a loss scale below 1, because the norm
 *       after clipping exceeds the largest float; or
 *   <li>the product of loss scale and divisor is not positive and finite.
 * </ul>
 *
 * <p>The decision is made where the step runs; on CUDA the host does not wait for it. A skipped
 * step changes no bit of weights, moments and step count, and is counted separately.
 */
public enum NonFiniteGradients {
  /**
   * Gradients are not checked; infinities and NaN propagate through the formulas. If the product of
   * loss scale and divisor was not positive and finite at a step, every report from then on throws,
   * until {@code Lamb.load} or {@code Lamb.resumeAt}.
   */
  PROPAGATE,
  /** The step is skipped. */
  SKIP,
  /**
   * The step and all later ones are skipped, and every report from then on throws. Weights and
   * moments stay as they were before the failing step. {@code Lamb.load} or {@code Lamb.resumeAt}
   * clears the condition.
   */
  FAIL
}
