package io.github.lamb4j;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.cuda.CudaBackends;
import io.github.lamb4j.internal.cuda.CudaProvider;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.JCudaDriver;
import io.github.lamb4j.internal.engine.Engine;
import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import jcuda.driver.CUstream;

/**
 * The LAMB optimizer (You et al. 2019, <a href="https://arxiv.org/abs/1904.00962">arXiv
 * 1904.00962</a>, algorithm 2). The formula of a step is in {@link Hyperparameters}.
 *
 * <p>On CUDA it works in place on the caller's device pointers:
 *
 * <pre>{@code
 * var decayed = Hyperparameters.lamb(6e-3);
 * try (Lamb lamb = Lamb.onCuda(stream)
 *     .group("weights", decayed, Parameter.onDevice("dense.weight", weight, weightGradient, 4096 * 1024))
 *     .group("biases", decayed.withWeightDecay(0), Parameter.onDevice("dense.bias", bias, biasGradient, 4096))
 *     .maxGradNorm(1.0)
 *     .build()) {
 *   while (training) {
 *     // forward and backward, enqueued on the same stream
 *     lamb.step();
 *   }
 * }
 * }</pre>
 *
 * <p>On the CPU, {@link #onCpu()} with {@link Parameter#onHost} does the same with the same bits in
 * every result, whatever the number of threads.
 *
 * <p><b>Telemetry.</b> Each step that {@link #report}, {@link #layerStats} or {@link #gradientNorm}
 * tells of is one JFR event, {@code io.github.lamb4j.Step}, and, if switched on, one {@code
 * io.github.lamb4j.Layer} for each layer; and at most once a second a line, {@link
 * StepReport#toString}, is logged at debug level. Steps that nobody asks about are not copied to
 * the host for that.
 *
 * <p><b>Threads.</b> Any one thread at a time may use an optimizer; use by two at once is detected
 * and refused. On CUDA the thread's current context must be the one in which the optimizer was
 * built. While the stream is being captured, only {@link #step} and {@link #accumulate} work, and
 * are recorded; every other call that would wait is refused, and the capture goes on.
 */
public final class Lamb implements AutoCloseable {

  private final Engine engine;
  private final AtomicBoolean busy = new AtomicBoolean();
  private volatile boolean closed;

  Lamb(Engine engine) {
    this.engine = engine;
  }

  /** An optimizer of host parameters, on the CPU. */
  public static LambBuilder onCpu() {
    return on(BackendChoice.cpu());
  }

  /**
   * An optimizer of device parameters, in the calling thread's current context.
   *
   * @param stream the stream that every step is enqueued on; it stays the caller's own
   * @throws IllegalStateException if there is no CUDA driver or device; the message says why
   */
  public static LambBuilder onCuda(CUstream stream) {
    if (stream == null) {
      throw new IllegalArgumentException(
          "stream: null; give the stream that computes the gradients");
    }
    CudaProvider.unusableDriver()
        .ifPresent(
            reason -> {
              throw new IllegalStateException(
                  "no CUDA: %s; the CPU gives the same numbers: use Lamb.onCpu()"
                      .formatted(reason));
            });
    return LambBuilder.over(CudaBackends.onStream(new JCudaDriver(), CudaStream.of(stream)));
  }

  /**
   * An optimizer of host parameters, on the backend chosen. If that is CUDA, the optimizer keeps
   * copies on the device and uses the calling thread's current context, or makes the first device's
   * primary context current if there is none. {@link #step()} then copies weights and gradients to
   * the device, and the weights back, and waits.
   *
   * @throws IllegalStateException if that is CUDA and there is no driver or device; the message
   *     says why
   */
  public static LambBuilder on(BackendChoice choice) {
    if (choice == null) {
      throw new IllegalArgumentException("backend choice: null");
    }
    return LambBuilder.over(choice.provider().forHostParameters());
  }

  /**
   * Takes one step with the gradients as they are.
   *
   * <p>On CUDA the step is enqueued on the caller's stream and this returns: it allocates nothing,
   * copies nothing to the host and waits for nothing. Gradients are only read.
   *
   * <p>On a stream that is being captured, the step is recorded in the caller's graph. Step count,
   * learning rates, loss scale and the decision to skip are the device's, so that each replay is
   * the next step, with its own learning rate as far as {@link #prepareReplays} went. The host sees
   * no replays: from then on a step that is not captured waits for the stream and asks the device
   * for its step count first.
   *
   * @throws IllegalStateException if the optimizer is closed or in use by another thread, the
   *     thread's current context is not the optimizer's, a schedule gives a learning rate that is
   *     negative, infinite or NaN, or a step is captured before {@link #prepareReplays}; weights
   *     and state are then as they were. If a step fails part-way the message says so, and every
   *     later step is refused
   */
  public void step() {
    enter();
    try {
      engine.requireSound();
      engine.requireUsable();
      engine.step();
    } finally {
      busy.set(false);
    }
  }

  /**
   * Gives the device the learning rates of the next steps, for a graph that captures {@link
   * #step()}: before the capture, and again before the replays go beyond them. A replay beyond them
   * keeps the last one. On CUDA this waits for the stream.
   *
   * @param steps 1 to 4096
   * @throws IllegalStateException also if the stream is being captured
   */
  public void prepareReplays(int steps) {
    if (steps < 1 || steps > Rates.KEPT) {
      throw new IllegalArgumentException(
          "replays " + steps + ": must be from 1 to " + Rates.KEPT + "; prepare the others later");
    }
    exclusively(
        () -> {
          engine.prepareReplays(steps);
          return null;
        });
  }

  /**
   * Adds an array to a parameter's binary32 gradients, element by element: those of a micro-batch,
   * of any type. On CUDA it is enqueued on the optimizer's stream.
   *
   * @param source of the parameter's length, and in device memory if the parameter is
   * @throws IllegalArgumentException if there is no such parameter, its gradients are not binary32
   *     or cannot be written, or the source has another length or lies elsewhere
   */
  public void accumulate(String parameter, TensorArray source) {
    exclusively(
        () -> {
          engine.accumulate(parameter, source);
          return null;
        });
  }

  /**
   * The number of steps taken, skipped ones not counted and those before {@link #resumeAt}
   * included. On CUDA this waits for the stream.
   */
  public long stepCount() {
    return exclusively(() -> engine.refresh().step());
  }

  /**
   * The number of steps skipped for non-finite gradients. On CUDA this waits for the stream.
   *
   * @see LambBuilder#nonFiniteGradients
   */
  public long skippedSteps() {
    return exclusively(() -> engine.refresh().skippedSteps());
  }

  /** The parameter groups, in the order in which they were added. */
  public List<ParameterGroup> groups() {
    return engine.groups();
  }

  /** A report to be filled by {@link #report(StepReport)} as often as wanted. */
  public StepReport newReport() {
    return engine.newReport();
  }

  /**
   * Fills a report with what the last step found. On CUDA this waits for the stream and copies all
   * of it at once; nothing is copied when nobody asks.
   *
   * @param report from {@link #newReport()}
   * @throws IllegalArgumentException if the report is another optimizer's, or was made before the
   *     groups changed
   * @throws IllegalStateException also if non-finite gradients ended the run, see {@link
   *     NonFiniteGradients#FAIL}; the report is filled all the same
   */
  public void report(StepReport report) {
    enter();
    try {
      engine.report(report);
    } finally {
      busy.set(false);
    }
  }

  /**
   * Every parameter's norms and trust ratio at the last step, in the order of the groups and their
   * parameters; {@link #report(StepReport)} says more and allocates nothing. On CUDA this waits for
   * the stream and copies them to the host.
   *
   * @throws IllegalStateException if no step was taken yet, or as {@link #report(StepReport)}
   */
  public List<LayerStats> layerStats() {
    return exclusively(engine::layerStats);
  }

  /**
   * The 2-norm of all true gradients of all groups at the last step, before clipping. On CUDA this
   * waits for the stream.
   *
   * @throws IllegalStateException if no step was taken yet, no step knows the norm, or as {@link
   *     #report(StepReport)}
   */
  public double gradientNorm() {
    return exclusively(engine::gradientNorm);
  }

  /**
   * Copies part of a parameter's state to the host, for a checkpoint of the program's own. On CUDA
   * this waits for the stream.
   *
   * @param offset the first element
   * @param target filled from its position to its limit
   * @throws IllegalArgumentException if there is no such parameter, the range is out of bounds, the
   *     target is read-only, or a master is requested and the weights are binary32
   */
  public void readState(String parameter, StateArray array, long offset, FloatBuffer target) {
    requireGiven(array, "array");
    requireGiven(target, "target");
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target: a read-only buffer; pass a writable one");
    }
    exclusively(
        () -> {
          engine.read(parameter, array, offset, target);
          return null;
        });
  }

  /**
   * Replaces part of a parameter's state, from a checkpoint of the program's own; see {@link
   * #resumeAt}. A master is rounded into the parameter's half-precision weights as well.
   *
   * @param offset the first element
   * @param source read from its position to its limit
   * @throws IllegalArgumentException if there is no such parameter, the range is out of bounds, or
   *     a master is given and the weights are binary32
   */
  public void writeState(String parameter, StateArray array, long offset, FloatBuffer source) {
    requireGiven(array, "array");
    requireGiven(source, "source");
    exclusively(
        () -> {
          engine.write(parameter, array, offset, source);
          return null;
        });
  }

  /**
   * Goes on from a checkpoint of the program's own; {@link #load} does so from one of ours. Every
   * group's next step is step {@code step + 1}, and no step was skipped. With the weights and both
   * moments of every parameter restored too, and the masters if there are any, the run continues
   * bit for bit as if it had never stopped.
   *
   * @param step steps already taken, 0 or more
   */
  public void resumeAt(long step) {
    if (step < 0) {
      throw new IllegalArgumentException(
          "step " + step + ": must be 0 or more, the number of steps already taken");
    }
    exclusively(
        () -> {
          engine.resumeAt(step);
          return null;
        });
  }

  /**
   * Saves the state of the optimizer as one safetensors file, at any time, before the first step
   * too: both moments of every parameter, the masters of those with half weights, the step count of
   * every group, which is its place in its schedule, and the number of skipped steps. Beside them
   * it notes, for {@link #load} to compare, groups, hyperparameters, {@code maxGradNorm} and the
   * policy for non-finite gradients. Binary32 weights and model copies are the program's to save,
   * and so are loss scale, divisor and a given norm.
   *
   * <p>The file is written whole or not at all: it is the one before, or the new one, even if the
   * process is killed meanwhile. It goes to the disk in pieces, with no copy of the model in
   * memory. On CUDA this waits for the stream.
   *
   * @param file a regular file, or none yet, in a directory that exists; no symbolic link
   * @throws IOException if it cannot be written; what was there before is there still
   * @throws IllegalStateException also if a step or a load failed part-way, or the stream is being
   *     captured
   */
  public void save(Path file) throws IOException {
    requireGiven(file, "file");
    exclusively(
        () -> {
          engine.requireSound();
          engine.save(file);
          return null;
        });
  }

  /**
   * Replaces the state of the optimizer by a saved one, on either backend whichever saved it, and
   * rounds masters into the half weights. With the binary32 weights as they were at the save, the
   * run goes on bit for bit as if it had never stopped. A run that non-finite gradients had ended
   * may go on too. Everything but the elements is checked before anything is touched. On CUDA this
   * waits for the stream; the rates of {@link #prepareReplays} are to be given again.
   *
   * <p>The optimizer must have the saved groups and parameters, of the same lengths and in the same
   * order, and the same hyperparameters. A schedule is a function and cannot be saved: it must give
   * the learning rate that the saved one gave for each group's last step.
   *
   * @param accepted what may differ all the same
   * @throws IOException if the file cannot be read or is no state
   * @throws IllegalArgumentException if it does not fit this optimizer; the message names what
   *     differs
   * @throws IllegalStateException also if a step or a load failed part-way, or the stream is being
   *     captured. If reading or writing fails in the middle of the elements the message says so,
   *     and every later step, save and load is refused
   */
  public void load(Path file, LoadOption... accepted) throws IOException {
    requireGiven(file, "file");
    if (accepted == null) {
      throw new IllegalArgumentException("accepted: null; give none, or LoadOptions");
    }
    exclusively(
        () -> {
          engine.requireSound();
          engine.load(file, accepted);
          return null;
        });
  }

  /**
   * Adds a parameter group, for fine-tuning for example. It counts its own steps from 1: its
   * schedule and its bias correction begin when it does. The others go on as if nothing had
   * happened. On CUDA this waits for the stream; it needs memory, for its time, for the state of
   * the model twice over; and a graph that has captured a step is not to be replayed any more.
   *
   * @throws IllegalArgumentException as {@link LambBuilder#build()}; nothing has changed then
   */
  public void addGroup(ParameterGroup group) {
    if (group == null) {
      throw new IllegalArgumentException("group: null");
    }
    exclusively(
        () -> {
          List<ParameterGroup> groups = new ArrayList<>(engine.groups());
          groups.add(group);
          engine.regroup(groups);
          return null;
        });
  }

  /**
   * Removes parameters, and their state: from now on they are the program's alone. A group that has
   * none left is removed too. On CUDA this waits for the stream; it needs memory, for its time, for
   * the state of what stays twice over; and a graph that has captured a step is not to be replayed
   * any more.
   *
   * @throws IllegalArgumentException if there is no such parameter or none would be left; nothing
   *     has changed then
   */
  public void removeParameters(String... names) {
    if (names == null) {
      throw new IllegalArgumentException("parameters to be removed: null");
    }
    exclusively(
        () -> {
          engine.remove(Arrays.asList(names));
          return null;
        });
  }

  /**
   * Frees what the optimizer owns; the caller's buffers and stream are left alone. On CUDA this
   * waits for the stream, which must still be there. A second call does nothing; one after a call
   * that failed tries again.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    if (!busy.compareAndSet(false, true)) {
      throw new IllegalStateException("close(): the optimizer is in use by another thread");
    }
    try {
      if (!closed) { // another thread may have closed it since
        engine.close();
        closed = true;
      }
    } finally {
      busy.set(false);
    }
  }

  /** A call of the user's, and what it throws. */
  private interface Call<T, E extends Exception> {
    T run() throws E;
  }

  private <T, E extends Exception> T exclusively(Call<T, E> call) throws E {
    enter();
    try {
      engine.requireUsable();
      return call.run();
    } finally {
      busy.set(false);
    }
  }

  private void enter() {
    if (!busy.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "the optimizer is in use by another thread: one thread at a time");
    }
    if (closed) {
      busy.set(false);
      throw new IllegalStateException("the optimizer is closed");
    }
  }

  private static void requireGiven(Object value, String name) {
    if (value == null) {
      throw new IllegalArgumentException(name + ": null");
    }
  }
}
