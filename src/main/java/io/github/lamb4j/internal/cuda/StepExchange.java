package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaStream;

/**
 * What is enqueued around and between the kernels of a step if the backend's parameters are
 * fragments, the rest of which other ranks own.
 */
interface StepExchange {

  /** The parameters are whole, with gradients that are ready to use. */
  StepExchange NONE =
      new StepExchange() {
        @Override
        public boolean isNeeded() {
          return false;
        }

        @Override
        public boolean isCapturable() {
          return true;
        }

        @Override
        public long wholeCount(int group, int segment, long own) {
          return own;
        }

        @Override
        public int firstTile(int group) {
          return 0;
        }

        @Override
        public long partials(int group) {
          throw new UnsupportedOperationException();
        }

        @Override
        public long gradientPartials(int group) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void sumGradients(CudaStream on) {}

        @Override
        public void completePartials(CudaStream on) {}

        @Override
        public void completeGradientPartials(CudaStream on) {}

        @Override
        public void gatherWeights(CudaStream on) {}
      };

  /** Whether sums are incomplete before an exchange. */
  boolean isNeeded();

  /** Whether a graph can contain the exchange. */
  boolean isCapturable();

  /** The number of elements of a whole parameter of which the backend has {@code own}. */
  long wholeCount(int group, int segment, long own);

  /** The number of a group's tiles that precede the backend's, without those of frozen segments. */
  int firstTile(int group);

  /** The address of the {@code partials} of a group's first tile. */
  long partials(int group);

  /** The address of the {@code gradient_partials} of a group's first tile. */
  long gradientPartials(int group);

  /** Enqueues summing the gradients of all ranks. */
  void sumGradients(CudaStream on);

  /** Enqueues replacing the {@code partials} of other ranks' tiles by those they have formed. */
  void completePartials(CudaStream on);

  /** As {@link #completePartials}, for {@code gradient_partials}. */
  void completeGradientPartials(CudaStream on);

  /** Enqueues giving all ranks the new weights. */
  void gatherWeights(CudaStream on);
}
