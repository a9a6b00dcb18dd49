package io.github.lamb4j.tools.train;

import io.github.lamb4j.Lamb;

/** Changes a classifier's parameters after each batch. */
public interface Stepper {

  /** Takes a step with the gradients of the batch, or of its micro-batches. */
  void step();

  /** Adds the gradients of a micro-batch to the batch's. */
  void addMicroBatch();

  /** Steps LAMB or a relative of it. */
  static Stepper of(Lamb optimizer) {
    return new Stepper() {
      @Override
      public void step() {
        optimizer.step();
      }

      @Override
      public void addMicroBatch() {
        optimizer.addMicroBatch();
      }
    };
  }
}
