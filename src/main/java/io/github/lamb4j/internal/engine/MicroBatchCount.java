package io.github.lamb4j.internal.engine;

/** How many micro-batches of the next step were added, and whether a call is possible then. */
final class MicroBatchCount {

  private final int perStep;
  private int added;

  /** Counts from 0. */
  MicroBatchCount(int perStep) {
    this.perStep = perStep;
  }

  /** Returns the position of the next micro-batch in its step, after checking that it has one. */
  int next() {
    if (perStep == 1) {
      throw new IllegalStateException(
          "addMicroBatch: each step uses the gradients in memory; build with microBatches(n) to sum n of them");
    }
    if (added == perStep) {
      throw new IllegalStateException(
          "addMicroBatch: all %d micro-batches of the step were added; call step()"
              .formatted(perStep));
    }
    return added;
  }

  void increment() {
    added++;
  }

  /** Forgets the added micro-batches: a step has used them, or none will. */
  void clear() {
    added = 0;
  }

  void requireAll() {
    if (perStep > 1 && added < perStep) {
      throw new IllegalStateException(
          "step: %d of %d micro-batches were added; call addMicroBatch() after each backward pass"
              .formatted(added, perStep));
    }
  }

  void requireNone(String call) {
    if (added > 0) {
      throw new IllegalStateException(
          "%s: %d micro-batches wait for the next step; call step() or discardMicroBatches() first"
              .formatted(call, added));
    }
  }
}
