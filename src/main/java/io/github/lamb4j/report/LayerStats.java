package io.github.lamb4j.report;

/**
 * Statistics of one parameter at the last step. {@link StepReport} gives the same numbers without
 * creating an object per parameter. The norms are NaN if they are not computed; see {@link
 * StepReport#hasNorms}.
 *
 * @param name the parameter's name
 * @param weightNorm the 2-norm of the weights before the step
 * @param updateNorm the 2-norm of r, the update before trust ratio and learning rate
 * @param trustRatio the factor applied to r; 1 if the parameter is not adapted or a norm is 0
 */
public record LayerStats(String name, double weightNorm, double updateNorm, double trustRatio) {}
