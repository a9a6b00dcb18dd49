package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaStream;

/**
 * What is enqueued around and between the kernels of a step if the backend's parameters are
 * fragments, the rest of which other ranks own. By default they are whole.
 */
interface StepExchange {

  /** The parameters are whole, with gradients that are ready to use. */
  StepExchange NONE = new StepExchange() {};

  /** Whether sums are incomplete before an exchange. */
  default boolean isNeeded() {
    return false;
  }

  /** Whether a graph can contain the exchange. */
  default boolean isCapturable() {
    return true;
  }

  /** The size of a whole parameter; the backend has {@code own} of its elements. */
  default long wholeCount(int group, int segment, long own) {
    return own;
  }

  /** The number of a group's tiles that precede the backend's, without those of frozen segments. */
  default int firstTile(int group) {
    return 0;
  }

  /** The address of the {@code partials} of a group's first tile; 0 if the group has its own. */
  default long partials(int group) {
    return 0;
  }

  /** As {@link #partials}, for {@code gradient_partials}. */
  default long gradientPartials(int group) {
    return 0;
  }

  /** Enqueues summing the gradients of all ranks. */
  default void sumGradients(CudaStream on) {}

  /** Enqueues replacing the {@code partials} of other ranks' tiles by those they have formed. */
  default void completePartials(CudaStream on) {}

  /** As {@link #completePartials}, for {@code gradient_partials}. */
  default void completeGradientPartials(CudaStream on) {}

  /** Enqueues giving all ranks the new weights. */
  default void gatherWeights(CudaStream on) {}
}
