package io.github.lamb4j.internal.spi;

import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import java.nio.FloatBuffer;

/** What runs a step: the CPU, or CUDA. Both walk the same road and give the same bits. */
public interface Backend extends AutoCloseable {

  /**
   * Refuses, before anything is touched, a call that cannot work on this thread.
   *
   * @throws IllegalStateException naming the reason and the remedy
   */
  void requireUsable();

  /** Whether work enqueued now is recorded into a graph instead of run. */
  default boolean isCapturing() {
    return false;
  }

  /**
   * Takes one step, or enqueues it.
   *
   * @param learningRates for each group, the rate of step {@code steps[group]}
   * @param steps for each group, the number of this step if none was skipped since the last report
   * @throws StepNotStarted if it failed with weights and state unchanged; after any other exception
   *     they may be partly updated
   */
  void step(double[] learningRates, long[] steps);

  /**
   * Records one step into the graph being captured. Its learning rates are looked up at replay,
   * among those of {@link #prepareRates}.
   *
   * @throws StepNotStarted if it failed
   */
  default void captureStep() {
    throw new IllegalStateException("this backend cannot be captured");
  }

  /**
   * Gives a group the learning rates of steps to come. Waits.
   *
   * @param first the step of the first rate
   */
  void prepareRates(int group, long first, double[] rates);

  /** Reports the last step. Waits for it, and copies what it reports at once. */
  void report(ReportSink sink);

  /** Copies a part of the state out, filling the target's remaining elements. Waits. */
  void read(int group, int parameter, StateArray array, long offset, FloatBuffer target);

  /**
   * Replaces a part of the state by the source's remaining elements; a master is rounded into the
   * model's weights too.
   */
  void write(int group, int parameter, StateArray array, long offset, FloatBuffer source);

  /**
   * Goes on as if each group had taken so many steps, and all together skipped so many. What the
   * last step found is forgotten.
   */
  void setSteps(long[] steps, long skipped);

  /**
   * Adds an array to a parameter's gradients, which are binary32.
   *
   * @param source of the parameter's length, and where the parameter's arrays are
   */
  void accumulate(int group, int parameter, TensorArray source);

  /** Frees what the backend owns. */
  @Override
  void close();

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
