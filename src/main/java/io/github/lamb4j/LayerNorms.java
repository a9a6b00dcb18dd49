package io.github.lamb4j;

/**
 * What the last step found for one parameter; {@link StepReport} has it without an object for each.
 *
 * @param name the parameter's name
 * @param weightNorm the 2-norm of the weights before the step
 * @param updateNorm the 2-norm of r, the update before the trust ratio and the learning rate
 * @param trustRatio the factor that was applied to r; 1 if the layer is not adapted or a norm is 0
 */
public record LayerNorms(String name, double weightNorm, double updateNorm, double trustRatio) {}
