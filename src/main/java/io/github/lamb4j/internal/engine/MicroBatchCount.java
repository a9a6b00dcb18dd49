package io.github.lamb4j.internal.engine;

/** How many micro-batches of the next step were added, and whether a call is possible then. */
final class MicroBatchCount {

  private final int perStep;
  private int added;

  /** Whether those added are recorded in a capture: they then belong to a step of its replays. */
  private boolean recorded;

  /** Counts from 0. */
  MicroBatchCount(int perStep) {
    this.perStep = perStep;
  }

  /**
   * Returns the position of the next micro-batch in its step, after checking that it has one.
   *
   * @param capturing whether the call is recorded
   */
  int next(boolean capturing) {
    if (perStep == 1) {
      throw new IllegalStateException(
          "addMicroBatch: each step uses the gradients in memory; build with microBatches(n) to sum n of them");
    }
    if (added == perStep) {
      throw new IllegalStateException(
          "addMicroBatch: all %d micro-batches of the step were added; call step()"
              .formatted(perStep));
    }
    requireSame("addMicroBatch", capturing);
    recorded = capturing;
    return added;
  }

  void increment() {
    added++;
  }

  private void requireSame(String call, boolean capturing) {
    if (added > 0 && capturing != recorded) {
      throw new IllegalStateException(
          "%s: %s, but the micro-batches added so far, %d, %s; capture either the step and all of its micro-batches, or neither, and call discardMicroBatches() first"
              .formatted(
                  call,
                  capturing ? "the stream is being captured" : "no capture is in progress",
                  added,
                  recorded ? "were captured" : "were not"));
    }
  }

  /** Forgets the added micro-batches: a step has used them, or none will. */
  void clear() {
    added = 0;
  }

  /** Rejects a step without all micro-batches. */
  void requireAll(boolean capturing) {
    if (perStep > 1 && added < perStep) {
      throw new IllegalStateException(
          "step: %d of %d micro-batches were added; call addMicroBatch() after each backward pass"
              .formatted(added, perStep));
    }
    requireSame("step", capturing);
  }

  void requireNone(String call) {
    if (added > 0) {
      throw new IllegalStateException(
          "%s: %d micro-batches wait for the next step; call step() or discardMicroBatches() first"
              .formatted(call, added));
    }
  }
}
