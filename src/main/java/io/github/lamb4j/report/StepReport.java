package io.github.lamb4j.report;

/**
 * Metrics of an optimizer's last step. {@code Lamb.newReport()} creates one and {@code
 * Lamb.report(StepReport)} fills it as often as needed, with a single copy from the device; a
 * report keeps its numbers in arrays of its own, so that refilling it allocates only what JCuda
 * needs for the copy. Groups and layers (one per parameter) are indexed from 0 in the order in
 * which they were added.
 *
 * <p>A skipped step updates only {@link #skippedSteps} and {@link #gradientNorm}; all other values
 * stay those of the last completed step. Until a step has completed since the optimizer was built,
 * resumed or regrouped, learning rates and norms are 0, trust ratios 1 and the gradient norm NaN.
 *
 * <p>Not thread-safe.
 */
public interface StepReport {

  /** The number of steps taken, not counting skipped steps; the optimizer's step count. */
  long step();

  /** The number of steps skipped because of non-finite gradients. */
  long skippedSteps();

  /**
   * The 2-norm of all true gradients (unscaled, before clipping) of all groups at the last step,
   * taken or skipped. NaN if the optimizer neither computes it nor receives it; it is computed for
   * gradient clipping and for skipping non-finite gradients.
   */
  double gradientNorm();

  /** The number of parameter groups. */
  int groupCount();

  /** A group's name. */
  String groupName(int group);

  /**
   * The learning rate that a group's last step used: with {@link
   * io.github.lamb4j.config.BiasCorrection#LEARNING_RATE} the schedule's rate times the correction.
   */
  double learningRate(int group);

  /** The number of layers: the number of parameters in all groups. */
  int layerCount();

  /** A layer's name, which is its parameter's name. */
  String name(int layer);

  /** The 2-norm of a layer's weights before the step; 0 if it has no elements. */
  double weightNorm(int layer);

  /**
   * The 2-norm of a layer's r, the update before trust ratio and learning rate; 0 if it has no
   * elements.
   */
  double updateNorm(int layer);

  /** The factor applied to r; 1 if the layer is not adapted or one of its norms is 0. */
  double trustRatio(int layer);

  /** The 2-norm of c, the second term of {@code LANS}; 0 for LAMB. */
  double gradientUpdateNorm(int layer);

  /** The factor applied to the second term of {@code LANS}; 1 for LAMB. */
  double gradientTrustRatio(int layer);

  /**
   * The index of the layer with the smallest trust ratio among adapted layers that have elements;
   * -1 if there are none. NaN sorts before every number, and ties go to the lowest index.
   */
  int layerOfSmallestTrustRatio();

  /** The same for the largest trust ratio; NaN sorts before every number here too. */
  int layerOfLargestTrustRatio();

  /**
   * One line for a log: step, skipped steps, gradient norm if known, learning rate, and the
   * smallest and largest trust ratio with their layers. The format may change.
   */
  @Override
  String toString();
}
