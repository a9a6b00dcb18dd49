package io.github.lamb4j.report;

import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Metrics of an optimizer's last step. {@code Lamb.newReport()} creates a report and {@code
 * Lamb.report(StepReport)} fills it as often as needed, with a single copy from the device. The
 * numbers are kept in arrays that are reused, so that refilling a report allocates only what JCuda
 * needs for the copy. Groups and layers (one layer per parameter) are indexed from 0 in the order
 * in which they were added; an index out of range throws {@link IndexOutOfBoundsException}.
 *
 * <p>A skipped step updates only {@link #skippedSteps} and {@link #gradientNorm}; all other values
 * remain those of the last completed step. Until a step has completed since the optimizer was
 * built, resumed or regrouped, learning rates and norms are 0 and trust ratios 1; the gradient norm
 * is NaN until a step has been taken or skipped.
 *
 * <p>Not thread-safe.
 */
public interface StepReport {

  /** {@return the number of steps taken, not counting skipped steps} */
  long step();

  /** {@return the number of steps skipped because of non-finite gradients} */
  long skippedSteps();

  /**
   * {@return the 2-norm of the true gradients (unscaled, before clipping) of all groups at the last
   * step, taken or skipped} NaN if the optimizer neither computes the norm nor receives it. It is
   * computed for gradient clipping and for skipping non-finite gradients.
   */
  double gradientNorm();

  /** {@return the number of parameter groups} */
  int groupCount();

  /**
   * {@return a group's name}
   *
   * @param group the group's index
   */
  String groupName(int group);

  /**
   * {@return the learning rate used by a group's last step} With {@link
   * io.github.lamb4j.config.BiasCorrection#LEARNING_RATE}, this is the schedule's rate times the
   * correction.
   *
   * @param group the group's index
   */
  double learningRate(int group);

  /** {@return the number of layers, which is the number of parameters in all groups} */
  int layerCount();

  /**
   * {@return a layer's name, which is its parameter's name}
   *
   * @param layer the layer's index
   */
  String name(int layer);

  /**
   * {@return whether the norms of a layer are computed} True unless the optimizer was built with
   * {@link io.github.lamb4j.config.ReportedNorms#ADAPTED} and the layer's group has no layer
   * adaptation. If false, {@link #weightNorm}, {@link #updateNorm} and {@link #gradientUpdateNorm}
   * are NaN for this layer; if true, NaN means that weights or gradients have become NaN.
   *
   * @param layer the layer's index
   */
  boolean hasNorms(int layer);

  /**
   * {@return the 2-norm of a layer's weights before the step; 0 if it has no elements, NaN without
   * {@link #hasNorms norms}}
   *
   * @param layer the layer's index
   */
  double weightNorm(int layer);

  /**
   * {@return the 2-norm of a layer's r, the update before trust ratio and learning rate; 0 if it
   * has no elements, NaN without {@link #hasNorms norms}}
   *
   * @param layer the layer's index
   */
  double updateNorm(int layer);

  /**
   * {@return the 2-norm of the weights of all layers with {@link #hasNorms norms}, before the step;
   * NaN without any}
   */
  default double totalWeightNorm() {
    return norm(
        IntStream.range(0, layerCount()).filter(this::hasNorms).mapToDouble(this::weightNorm));
  }

  /**
   * {@return the 2-norm of r, the update before trust ratio and learning rate, over all layers with
   * {@link #hasNorms norms}; NaN without any}
   */
  default double totalUpdateNorm() {
    return norm(
        IntStream.range(0, layerCount()).filter(this::hasNorms).mapToDouble(this::updateNorm));
  }

  private static double norm(DoubleStream norms) {
    return Math.sqrt(norms.map(norm -> norm * norm).reduce(Double::sum).orElse(Double.NaN));
  }

  /**
   * {@return the factor applied to r; 1 if the layer is not adapted or one of its norms is 0}
   *
   * @param layer the layer's index
   */
  double trustRatio(int layer);

  /**
   * {@return the 2-norm of c, the second term of LANS; 0 for LAMB, NaN without {@link #hasNorms
   * norms}}
   *
   * @param layer the layer's index
   */
  double gradientUpdateNorm(int layer);

  /**
   * {@return the factor applied to c, the second term of LANS; 1 for LAMB}
   *
   * @param layer the layer's index
   */
  double gradientTrustRatio(int layer);

  /**
   * {@return the index of the adapted, nonempty layer with the smallest trust ratio, or -1 if there
   * is no such layer} NaN sorts before every number, and ties go to the lowest index.
   */
  int layerOfSmallestTrustRatio();

  /**
   * {@return the index of the adapted, nonempty layer with the largest trust ratio, or -1 if there
   * is no such layer} NaN sorts after every number, and ties go to the lowest index.
   */
  int layerOfLargestTrustRatio();

  /**
   * {@return one line for a log: step, skipped steps, gradient norm if known, learning rate, and
   * the smallest and largest trust ratio with their layers} The format may change.
   */
  @Override
  String toString();
}
