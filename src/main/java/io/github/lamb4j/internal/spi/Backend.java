package io.github.lamb4j.internal.spi;

import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Set;

/**
 * Runs the steps of one optimizer and keeps its state. All backends give the same bits. Groups and
 * parameters are indexed as in the list with which the backend was opened. Not thread-safe.
 */
public interface Backend extends AutoCloseable {

  /**
   * Checks that the calling thread can use this backend. Called before every other method.
   *
   * @throws IllegalStateException if it cannot; the message gives reason and remedy
   */
  void requireUsable();

  /** {@return whether enqueued work is being captured in a graph instead of run} */
  default boolean isCapturing() {
    return false;
  }

  /**
   * Takes one step or enqueues it.
   *
   * @param learningRates by group, the learning rate of step {@code steps[group]}
   * @param steps by group, the number of this step unless steps since the last report were skipped;
   *     {@link io.github.lamb4j.internal.numerics.Rates#NEXT_STEP} if the rate does not depend on
   *     it
   * @throws StepNotStarted if the step failed with weights and state unchanged; after any other
   *     exception they may be partly updated
   */
  void step(double[] learningRates, long[] steps);

  /** {@return whether steps can run on streams of the caller's} */
  default boolean hasStreams() {
    return false;
  }

  /**
   * Checks that a step can run on another stream now.
   *
   * @throws IllegalStateException if it cannot; the message gives reason and remedy
   */
  default void requireStream(StreamHandle stream) {
    throw new IllegalStateException("this backend has no streams");
  }

  /** As {@link #step(double[], long[])}, on another stream, after all earlier work. */
  default void step(StreamHandle stream, double[] learningRates, long[] steps) {
    throw new IllegalStateException("this backend has no streams");
  }

  /**
   * Records one step in the graph being captured. Replays look up their learning rates among those
   * of {@link #prepareRates}.
   *
   * @throws StepNotStarted if recording failed
   */
  default void captureStep() {
    throw new IllegalStateException("this backend cannot be captured");
  }

  /**
   * Stores the learning rates of a group's future steps. Waits for enqueued work.
   *
   * @param group the group's index
   * @param first the step to which the first learning rate belongs
   * @param rates the learning rates of consecutive steps
   */
  void prepareRates(int group, long first, double[] rates);

  /** Reports the last step, after waiting for it, with a single copy from the device. */
  void report(ReportSink sink);

  /** Reads part of the state into the target's remaining elements. Waits for enqueued work. */
  void read(int group, int parameter, StateArray array, long offset, FloatBuffer target);

  /**
   * Reads part of a parameter's float32 weights in device memory into the target's remaining
   * elements. Waits for enqueued work. Not called for parameters in host memory.
   */
  default void readWeights(int group, int parameter, long offset, FloatBuffer target) {
    throw new UnsupportedOperationException("the weights are in host memory");
  }

  /**
   * Replaces part of the state by the source's remaining elements. A master is also rounded into
   * the half-precision weights.
   */
  void write(int group, int parameter, StateArray array, long offset, FloatBuffer source);

  /**
   * Sets the step counts and clears the metrics of the last step.
   *
   * @param steps by group, the number of steps taken
   * @param skipped the number of skipped steps, the same for all groups
   */
  void setSteps(long[] steps, long skipped);

  /**
   * Excludes parameters from the steps to come, and no others: a step treats them as if they were
   * empty. Their state stays as it is. Waits for enqueued work.
   *
   * @param names names of parameters; empty to include all again
   */
  void setFrozen(Set<String> names);

  /**
   * Adds an array to a parameter's float32 gradients, elementwise.
   *
   * @param source an array of the parameter's length, in the same memory as the parameter
   */
  void accumulate(int group, int parameter, TensorArray source);

  /**
   * Replaces arrays, for steps that are enqueued later. Keeps the state. Does not wait.
   *
   * @param groups the groups with which the backend was opened, with other arrays of the same types
   *     and lengths
   * @throws IllegalArgumentException if a device array is not where it can be; nothing is changed
   * @throws IllegalStateException if this is not possible now; nothing is changed
   * @throws StepNotStarted if a driver call failed with nothing changed
   */
  void move(List<ParameterGroup> groups);

  /**
   * Adds the gradients in memory to the sum that the next step uses. Called only if the settings
   * ask for several micro-batches.
   *
   * @param index the micro-batch's position in the step, from 0
   * @throws StepNotStarted if nothing was added
   */
  default void addMicroBatch(int index) {
    throw new UnsupportedOperationException("this backend does not sum micro-batches");
  }

  /** Releases everything that the backend owns. After a failure, a second call tries again. */
  @Override
  void close();

  /** A step failed before it changed weights or state. */
  final class StepNotStarted extends RuntimeException {

    private final RuntimeException reason;

    /** Wraps the exception to throw to the caller. */
    public StepNotStarted(RuntimeException reason) {
      super(reason);
      this.reason = reason;
    }

    /** {@return the exception to throw to the caller} */
    public RuntimeException reason() {
      return reason;
    }
  }
}
