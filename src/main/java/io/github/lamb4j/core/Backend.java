package io.github.lamb4j.core;

import io.github.lamb4j.Moment;
import java.nio.FloatBuffer;

/** What runs a step: the CPU, or CUDA. Both walk the same road and give the same bits. */
public interface Backend extends AutoCloseable {

  /**
   * Refuses, before anything is touched, a call that cannot work on this thread.
   *
   * @throws IllegalStateException naming the reason and the remedy
   */
  void requireUsable();

  /**
   * Takes one step, or enqueues it.
   *
   * @param learningRates one for each group
   * @throws StepNotStarted if it failed with weights and state as they were; after any other
   *     exception they may be partly updated
   */
  void step(double[] learningRates);

  /**
   * The norms of the last step, for every parameter in the order of groups and parameters. Waits
   * for the step.
   */
  SegmentNorms[] norms();

  /** The norm of all gradients at the last step, before clipping. Waits for the step. */
  double gradientNorm();

  /** Copies a part of a moment out, filling the target's remaining elements. Waits for the step. */
  void readMoment(int group, int parameter, Moment moment, long offset, FloatBuffer target);

  /** Replaces a part of a moment by the source's remaining elements. */
  void writeMoment(int group, int parameter, Moment moment, long offset, FloatBuffer source);

  /** Goes on as if this many steps had been taken. */
  void setStep(long step);

  /** Frees what the backend owns. */
  @Override
  void close();

  /**
   * One parameter's norms and trust ratio.
   *
   * @param weightNorm the 2-norm of the weights before the step
   * @param updateNorm the 2-norm of r
   * @param trustRatio the factor that was applied
   */
  record SegmentNorms(double weightNorm, double updateNorm, double trustRatio) {}

  /** A step that failed before it changed anything. */
  final class StepNotStarted extends RuntimeException {

    private final RuntimeException reason;

    /** Wraps the reason. */
    public StepNotStarted(RuntimeException reason) {
      super(reason);
      this.reason = reason;
    }

    /** Why it failed. */
    public RuntimeException reason() {
      return reason;
    }
  }
}
