package io.github.lamb4j;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.SaveOption;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.CudaBackends;
import io.github.lamb4j.internal.cuda.CudaProvider;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.JCudaDriver;
import io.github.lamb4j.internal.cuda.driver.LastStream;
import io.github.lamb4j.internal.engine.Engine;
import io.github.lamb4j.internal.engine.StepCounts;
import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.internal.spi.StreamHandle;
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
import jcuda.runtime.cudaStream_t;

/**
 * The LAMB optimizer (You et al. 2019, <a href="https://arxiv.org/abs/1904.00962">arXiv
 * 1904.00962</a>, algorithm 2). {@link Hyperparameters} gives the formula of a step.
 *
 * <p>On CUDA, the optimizer works in place on the caller's device memory:
 *
 * <pre>{@code
 * var decayed = Hyperparameters.lamb(6e-3);
 * var plain = decayed.withWeightDecay(0).withLayerAdaptation(LayerAdaptation.NEVER);
 * try (Lamb lamb = Lamb.onCuda(stream)
 *     .group("weights", decayed, Parameter.onDevice("dense.weight", weight, weightGradient, 4096 * 1024))
 *     .group("biases", plain, Parameter.onDevice("dense.bias", bias, biasGradient, 4096))
 *     .maxGradNorm(1.0)
 *     .build()) {
 *   while (training) {
 *     // enqueue the forward and backward pass on the same stream
 *     lamb.step();
 *   }
 * }
 * }</pre>
 *
 * <p>On the CPU, {@link #onCpu()} with {@link Parameter#onHost} gives the same bits, with any
 * number of threads.
 *
 * <p><b>Threads and streams.</b> An optimizer may be used by one thread at a time; concurrent use
 * is detected and throws {@link IllegalStateException}. On CUDA, the calling thread's current
 * context must be the one in which the optimizer was built. While the stream is being captured,
 * {@link #step}, {@link #accumulate} and {@link #addMicroBatch} are recorded; calls that would wait
 * for the stream throw {@link IllegalStateException} and leave the capture intact.
 *
 * <p><b>Telemetry.</b> Whenever {@link #report}, {@link #layerStats} or {@link #gradientNorm}
 * reports a new step, the JFR event {@code io.github.lamb4j.Step} is emitted and, if enabled, one
 * {@code io.github.lamb4j.Layer} per parameter. At most once a second, {@link StepReport#toString}
 * is logged at debug level. Telemetry itself never copies from the device: steps that the program
 * does not ask about are not recorded.
 *
 * <p><b>Errors.</b> A closed optimizer, use by another thread and a wrong CUDA context throw {@link
 * IllegalStateException}, a failed driver call throws {@link CudaException}. These are not repeated
 * for each method.
 */
public final class Lamb implements AutoCloseable {

  private final Engine engine;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final LastStream lastStream = new LastStream();
  private volatile boolean closed;

  Lamb(Engine engine) {
    this.engine = engine;
  }

  /** {@return a builder of an optimizer for host parameters, on the CPU} */
  public static LambBuilder onCpu() {
    return on(BackendChoice.cpu());
  }

  /**
   * {@return a builder of an optimizer for device parameters, on the legacy default stream} This is
   * the stream of programs that pass a null stream to kernels and libraries. See {@link
   * #onCuda(CUstream)}.
   *
   * @throws IllegalStateException if there is no usable CUDA driver or device; the message gives
   *     the reason
   */
  public static LambBuilder onCuda() {
    requireDriver();
    return over(CudaStream.LEGACY);
  }

  /**
   * {@return a builder of an optimizer for device parameters} The optimizer belongs to the context
   * that is current on the thread that builds it. Programs that use the CUDA runtime API work in
   * the device's primary context, which {@code cudaSetDevice} makes current.
   *
   * @param stream the stream on which steps are enqueued, normally the one that computes the
   *     gradients. The caller keeps ownership; the stream must exist until the optimizer is closed.
   *     {@link #step(CUstream)} is for streams that do not
   * @throws IllegalArgumentException if the stream is null, or the per-thread default stream
   * @throws IllegalStateException if there is no usable CUDA driver or device; the message gives
   *     the reason
   */
  public static LambBuilder onCuda(CUstream stream) {
    requireStream(stream, "Lamb.onCuda() is the default stream");
    requireDriver();
    return over(CudaStream.of(stream));
  }

  /**
   * {@return a builder of an optimizer for device parameters, on a stream of the CUDA runtime API}
   * See {@link #onCuda(CUstream)}.
   *
   * @param stream the stream on which steps are enqueued
   * @throws IllegalArgumentException if the stream is null, or the per-thread default stream
   * @throws IllegalStateException if there is no usable CUDA driver or device; the message gives
   *     the reason
   */
  public static LambBuilder onCuda(cudaStream_t stream) {
    requireStream(stream, "Lamb.onCuda() is the default stream");
    requireDriver();
    return over(CudaStream.of(stream));
  }

  /**
   * {@return a builder of an optimizer for device parameters, on a stream that another binding
   * created} See {@link #onCuda(CUstream)}.
   *
   * @param streamHandle the {@code CUstream} or {@code cudaStream_t} in C, as a number; 0 is the
   *     legacy default stream
   * @throws IllegalArgumentException if it is 2, the per-thread default stream
   * @throws IllegalStateException if there is no usable CUDA driver or device, or JCuda cannot use
   *     the handle; the message gives the reason
   */
  public static LambBuilder onCuda(long streamHandle) {
    requireDriver();
    return over(CudaStream.of(streamHandle));
  }

  private static LambBuilder over(CudaStream stream) {
    if (stream.isPerThread()) {
      throw new IllegalArgumentException(
          "stream: the per-thread default stream, which is another stream in each thread; create a stream, or use Lamb.onCuda() and step(stream)");
    }
    return LambBuilder.over(CudaBackends.onStream(new JCudaDriver(), stream));
  }

  private static void requireStream(Object stream, String otherwise) {
    if (stream == null) {
      throw new IllegalArgumentException(
          "stream: null; pass the stream that computes the gradients; " + otherwise);
    }
  }

  private static void requireDriver() {
    CudaProvider.unusableDriver()
        .ifPresent(
            reason -> {
              throw BackendChoice.unavailable("CUDA", reason);
            });
  }

  /**
   * {@return a builder of an optimizer for host parameters, on the chosen backend} On CUDA, the
   * optimizer keeps copies of the parameters on the device: each {@link #step()} copies weights and
   * gradients to the device and the weights back, and waits. It uses the context that is current on
   * the thread that builds it; if there is none, the primary context of the first device.
   *
   * @param choice the backend
   * @throws IllegalArgumentException if the choice is null
   * @throws IllegalStateException if this machine cannot run the backend; the message gives the
   *     reason
   */
  public static LambBuilder on(BackendChoice choice) {
    if (choice == null) {
      throw new IllegalArgumentException("backend choice: null; pass BackendChoice.auto()");
    }
    return LambBuilder.over(choice.provider().forHostParameters());
  }

  /**
   * Updates all parameters from their current gradients. Gradients are only read.
   *
   * <p>On CUDA with device parameters, the step is enqueued on the optimizer's stream and the call
   * returns immediately: it does not allocate, synchronize or copy to the host. With a {@link
   * io.github.lamb4j.sharding.HostCollective}, it copies through host memory and waits; for host
   * parameters on CUDA, see {@link #on}. On the CPU, the step is complete when the call returns.
   *
   * <p>On a stream that is being captured, the step is recorded in the caller's graph. The step
   * count, learning rates, loss scale and the decision to skip a step are kept on the device, so
   * that each replay is the next step with its own learning rate, as far as {@link #prepareReplays}
   * has prepared them. The host does not see replays; after a capture, a step outside of one first
   * waits for the stream and reads the step count from the device.
   *
   * @throws IllegalStateException if a schedule returns a learning rate that is negative, infinite
   *     or NaN, a step is captured without {@link #prepareReplays}, or fewer than {@link
   *     LambBuilder#microBatches} micro-batches were added; weights and state are then unchanged.
   *     Also if this or an earlier step failed partway, which the message states; the optimizer
   *     then takes no further steps
   * @throws io.github.lamb4j.error.CollectiveException if another rank failed or took a different
   *     step
   */
  public void step() {
    enter();
    try {
      takeStep(null);
    } finally {
      busy.set(false);
    }
  }

  private void takeStep(StreamHandle stream) {
    engine.requireSound();
    engine.requireUsable();
    engine.step(stream);
  }

  /**
   * As {@link #step()}, but enqueued on another stream of the same context, for programs with
   * short-lived streams.
   *
   * <p><b>Order.</b> The step runs after everything that the optimizer has enqueued before, on any
   * stream, and everything that it enqueues later runs after the step. Streams wait for each other
   * on the device; the host does not wait. The program orders its own work: the gradients of all
   * parameters must be computed on this stream before the call, or on other streams that this one
   * has been made to wait for, and work on other streams that uses the new weights must be made to
   * wait for this one. The stream may be destroyed as soon as the call has returned.
   *
   * <p>Neither this stream nor the optimizer's own may be in capture mode. Replays of a captured
   * step are the program's own work: to mix them with this method, make their stream wait for the
   * step.
   *
   * @param stream the stream
   * @throws IllegalArgumentException if the stream is null
   * @throws IllegalStateException as for {@link #step()}, or if a stream is being captured, or the
   *     optimizer has host parameters; weights and state are then unchanged
   */
  public void step(CUstream stream) {
    requireStream(stream, "step() uses the optimizer's own");
    enter();
    try {
      engine.requireStreams();
      takeStep(lastStream.of(stream));
    } finally {
      busy.set(false);
    }
  }

  /**
   * As {@link #step(CUstream)}, with a stream of the CUDA runtime API.
   *
   * @param stream the stream
   * @throws IllegalArgumentException if the stream is null
   * @throws IllegalStateException as for {@link #step(CUstream)}
   */
  public void step(cudaStream_t stream) {
    requireStream(stream, "step() uses the optimizer's own");
    enter();
    try {
      engine.requireStreams();
      takeStep(lastStream.of(stream));
    } finally {
      busy.set(false);
    }
  }

  /**
   * As {@link #step(CUstream)}, with a stream that another binding created.
   *
   * @param streamHandle the {@code CUstream} or {@code cudaStream_t} in C, as a number; 0 is the
   *     legacy default stream
   * @throws IllegalStateException as for {@link #step(CUstream)}, or if JCuda cannot use the handle
   */
  public void step(long streamHandle) {
    enter();
    try {
      engine.requireStreams();
      takeStep(lastStream.of(streamHandle));
    } finally {
      busy.set(false);
    }
  }

  /**
   * Sets the learning rate of a group from its next step on, in place of its schedule, until the
   * next call. It does not call the driver and allocates nothing, so that a program may call it
   * before every step. {@link #load} and {@link #resumeAt} do not change it. Replays of a graph use
   * the rates that {@link #prepareReplays} prepared; it must be called again to prepare this one.
   *
   * @param group the group's name
   * @param rate finite and at least 0
   * @throws IllegalArgumentException if there is no such group or the rate is out of range
   */
  public void setLearningRate(String group, double rate) {
    enter();
    try {
      engine.setLearningRate(group, rate);
    } finally {
      busy.set(false);
    }
  }

  /**
   * Sets the learning rate of all groups from their next step on; see {@link
   * #setLearningRate(String, double)}.
   *
   * @param rate finite and at least 0
   * @throws IllegalArgumentException if the rate is out of range; nothing is changed then
   */
  public void setLearningRate(double rate) {
    enter();
    try {
      engine.setLearningRate(rate);
    } finally {
      busy.set(false);
    }
  }

  /**
   * {@return the learning rate of a group's next step: the one that was set, or that of its
   * schedule} It does not wait: a step that was skipped since the last report counts as taken.
   *
   * @param group the group's name
   * @throws IllegalArgumentException if there is no such group
   * @throws IllegalStateException if the schedule's rate is negative, infinite or NaN
   */
  public double learningRate(String group) {
    enter();
    try {
      return engine.learningRate(group);
    } finally {
      busy.set(false);
    }
  }

  /**
   * Copies the learning rates of the next steps to the device, for replays of a graph that captured
   * {@link #step()}. Call it before the capture, and again before the replays exceed the prepared
   * steps; replays beyond them use the last learning rate. On CUDA, this waits for the stream.
   *
   * @param steps the number of steps to prepare, from 1 to 4096
   * @throws IllegalArgumentException if the number of steps is out of range
   * @throws IllegalStateException if the stream is being captured, or a schedule returns a learning
   *     rate that is negative, infinite or NaN
   */
  public void prepareReplays(int steps) {
    if (steps < 1 || steps > Rates.KEPT) {
      throw new IllegalArgumentException(
          "replays " + steps + ": must be from 1 to " + Rates.KEPT + "; prepare the rest later");
    }
    exclusively(
        () -> {
          engine.prepareReplays(steps);
          return null;
        });
  }

  /**
   * Excludes parameters from all later steps, until {@link #unfreeze}: no bit of their weights,
   * model copies, masters and moments changes, their gradients are not read, and they take no part
   * in the gradient norm. Results for the other parameters are those of an optimizer in which the
   * frozen ones are empty; reports show them with norms of 0 and a trust ratio of 1. Freezing a
   * frozen parameter again has no effect, and all parameters may be frozen, for example to unfreeze
   * a few of them afterward.
   *
   * <p>The group's step count keeps advancing. A parameter that is {@linkplain #unfreeze unfrozen}
   * continues with its old moments, the step count of its group and thus that group's schedule and
   * bias correction. Which parameters are frozen is not saved; their state is.
   *
   * <p>On CUDA, this waits for the stream and uploads tables; the state stays in place. It makes
   * graphs that captured a step invalid: they must not be replayed.
   *
   * @param names the names of the parameters
   * @throws IllegalArgumentException if there is no such parameter; nothing is changed then
   * @throws IllegalStateException if the stream is being captured, or micro-batches wait for the
   *     next step
   */
  public void freeze(String... names) {
    requireGiven(names, "parameters to freeze");
    exclusively(
        () -> {
          engine.freeze(Arrays.asList(names));
          return null;
        });
  }

  /**
   * Includes {@linkplain #freeze frozen} parameters in steps again. It has no effect on others. On
   * CUDA, it waits and makes graphs invalid like {@link #freeze}.
   *
   * @param names the names of the parameters
   * @throws IllegalArgumentException if there is no such parameter; nothing is changed then
   * @throws IllegalStateException as for {@link #freeze}
   */
  public void unfreeze(String... names) {
    requireGiven(names, "parameters to unfreeze");
    exclusively(
        () -> {
          engine.unfreeze(Arrays.asList(names));
          return null;
        });
  }

  /** {@return the names of the frozen parameters, in the order of groups and parameters} */
  public List<String> frozen() {
    return engine.frozen();
  }

  /**
   * Adds an array, for example the gradients of a micro-batch, to a parameter's float32 gradients,
   * elementwise. On CUDA with device parameters, this is enqueued on the optimizer's stream: the
   * source must be ready there, and may be overwritten or freed only by work that is ordered after
   * this call.
   *
   * @param parameter the parameter's name
   * @param source an array of any type and of the parameter's length, in the same kind of memory
   * @throws IllegalArgumentException if there is no such parameter, its gradients are not float32
   *     or are read-only, or the source does not fit or overlaps them
   */
  public void accumulate(String parameter, TensorArray source) {
    exclusively(
        () -> {
          engine.accumulate(parameter, source);
          return null;
        });
  }

  /**
   * Adds the gradients in memory to those of the next step, after which they may be overwritten.
   * Call it once for each of the {@link LambBuilder#microBatches}. On CUDA, this is enqueued on the
   * optimizer's stream: the gradients may be overwritten by work that is ordered after this call.
   *
   * @throws IllegalStateException if the optimizer does not sum micro-batches, or has all of those
   *     of the next step
   */
  public void addMicroBatch() {
    enter();
    try {
      engine.requireSound();
      engine.requireUsable();
      engine.addMicroBatch();
    } finally {
      busy.set(false);
    }
  }

  /** Forgets the micro-batches added since the last step, for example those of a failed pass. */
  public void discardMicroBatches() {
    exclusively(
        () -> {
          engine.discardMicroBatches();
          return null;
        });
  }

  /**
   * {@return the number of steps taken, including those before {@link #resumeAt} but not skipped
   * ones} On CUDA, this waits for the stream.
   */
  public long stepCount() {
    return exclusively(() -> engine.refresh().step());
  }

  /**
   * {@return the number of steps skipped because of non-finite gradients} On CUDA, this waits for
   * the stream.
   *
   * @see LambBuilder#nonFiniteGradients
   */
  public long skippedSteps() {
    return exclusively(() -> engine.refresh().skippedSteps());
  }

  /** {@return the parameter groups, in the order in which they were added} */
  public List<ParameterGroup> groups() {
    return engine.groups();
  }

  /** {@return a report that {@link #report(StepReport)} can fill repeatedly} */
  public StepReport newReport() {
    return engine.newReport();
  }

  /**
   * Fills a report with the metrics of the last step. On CUDA, this waits for the stream and makes
   * a single copy to the host.
   *
   * @param report a report from {@link #newReport()}
   * @throws IllegalArgumentException if the report belongs to another optimizer or was created
   *     before the groups changed
   * @throws IllegalStateException if the stream is being captured; if non-finite gradients have
   *     ended the run under {@link NonFiniteGradients#FAIL}; or if a step has used a loss scale or
   *     divisor that was not finite and above 0 under {@link NonFiniteGradients#PROPAGATE}. In the
   *     last two cases the report is filled nonetheless
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
   * {@return the norms and trust ratio of every parameter at the last step, in the order of groups
   * and parameters} {@link #report(StepReport)} gives more without creating objects. On CUDA, this
   * waits for the stream.
   *
   * @throws IllegalStateException if no step has been taken yet, or as for {@link
   *     #report(StepReport)}
   */
  public List<LayerStats> layerStats() {
    return exclusively(engine::layerStats);
  }

  /**
   * {@return the 2-norm of the true gradients (unscaled, before clipping) of all groups at the last
   * step} On CUDA, this waits for the stream.
   *
   * @throws IllegalStateException if no step has been taken yet, the optimizer neither computes nor
   *     receives the norm, or as for {@link #report(StepReport)}
   */
  public double gradientNorm() {
    return exclusively(engine::gradientNorm);
  }

  /**
   * Copies part of a parameter's state to the host, for the program's own checkpoint format. On
   * CUDA, this waits for the stream. If the optimizer is {@linkplain LambBuilder#collective
   * sharded}, all ranks make this call, and each receives all elements.
   *
   * @param parameter the parameter's name
   * @param array the array to read
   * @param offset the index of the first element to read
   * @param target the buffer to fill from its position to its limit
   * @throws IllegalArgumentException if there is no such parameter, the range is out of bounds, the
   *     target is read-only, or the master of a parameter with float32 weights is requested
   */
  public void readState(String parameter, StateArray array, long offset, FloatBuffer target) {
    requireGiven(array, "array");
    requireGiven(target, "target");
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target: read-only buffer; pass a writable one");
    }
    exclusively(
        () -> {
          engine.read(parameter, array, offset, target);
          return null;
        });
  }

  /**
   * Replaces part of a parameter's state, from the program's own checkpoint format; see {@link
   * #resumeAt}. A master is also rounded into the parameter's half-precision weights. On CUDA, this
   * waits for the stream. If the optimizer is {@linkplain LambBuilder#collective sharded}, all
   * ranks make this call with the same elements.
   *
   * @param parameter the parameter's name
   * @param array the array to write
   * @param offset the index of the first element to write
   * @param source the buffer to read from its position to its limit; its position is the limit then
   * @throws IllegalArgumentException if there is no such parameter, the range is out of bounds, or
   *     the master of a parameter with float32 weights is given
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
   * Sets the step count, to resume from the program's own checkpoint format; {@link #load} resumes
   * from a file that {@link #save} wrote. The next step of every group is {@code step + 1}, and the
   * count of skipped steps is 0. If weights, moments and masters of every parameter are restored
   * too, the run continues with the same bits as if it had not stopped. On CUDA, this waits for the
   * stream; {@link #prepareReplays} must be called again before a capture or a replay.
   *
   * @param step the number of steps already taken, from 0 to 2<sup>60</sup>
   * @throws IllegalArgumentException if the step is out of range
   * @throws IllegalStateException if the stream is being captured, micro-batches wait for the next
   *     step, or, after a capture, a schedule returns a rate that is negative, infinite or NaN. If
   *     setting the count fails partway, the message says so, and the optimizer takes no further
   *     steps
   */
  public void resumeAt(long step) {
    if (step < 0 || step > StepCounts.MOST) {
      throw new IllegalArgumentException(
          "step %d: must be from 0 to %d, the number of steps already taken"
              .formatted(step, StepCounts.MOST));
    }
    exclusively(
        () -> {
          engine.resumeAt(step);
          return null;
        });
  }

  /**
   * Saves the state of the optimizer as one safetensors file. The file contains both moments of
   * every parameter, the masters of half-precision weights, the step count of every group, and the
   * number of skipped steps. It also records groups, hyperparameters, {@code maxGradNorm} and the
   * policy for non-finite gradients, which {@link #load} compares. Float32 weights, model copies,
   * loss scale, divisor and a given gradient norm belong to the program and are not saved.
   *
   * <p>If the optimizer is {@linkplain LambBuilder#collective sharded}, all ranks make this call,
   * and rank 0 writes the file, which has the same bytes for any number of ranks. It fails on every
   * rank, or on none.
   *
   * <p>The file is replaced atomically: even if the process is killed, it is either the old or the
   * new one, complete. It is written in pieces, without a copy of the state in memory. May be
   * called before the first step. On CUDA, this waits for the stream.
   *
   * @param file a regular file or a new name in an existing directory; not a symbolic link
   * @param options additions to the file
   * @throws IOException if the file cannot be written; a previous file is then unchanged
   * @throws IllegalStateException if a step or a load failed partway, or the stream is being
   *     captured; also if it failed on another rank, or the ranks have taken different steps
   */
  public void save(Path file, SaveOption... options) throws IOException {
    requireGiven(file, "file");
    requireGiven(options, "options");
    for (SaveOption option : options) {
      requireGiven(option, "an option");
    }
    exclusively(
        () -> {
          engine.requireSound();
          engine.save(file, options);
          return null;
        });
  }

  /**
   * Replaces the state of the optimizer by a saved one, regardless of the backend that saved it,
   * and rounds masters into half-precision weights. If float32 weights are as they were when the
   * state was saved, which {@link SaveOption#WEIGHT_CHECKSUM} makes this method check, the run
   * continues with the same bits as if it had not stopped. A run that was ended by non-finite
   * gradients can continue. Everything except the elements is validated before anything is changed.
   * On CUDA, this waits for the stream; {@link #prepareReplays} must be called again before a
   * capture or a replay.
   *
   * <p>If the optimizer is {@linkplain LambBuilder#collective sharded}, all ranks make this call,
   * and each reads the file. It can come from any number of ranks, or from an optimizer that is not
   * sharded.
   *
   * <p>Parameters are found by name. They must have the saved lengths and hyperparameters; groups
   * and order may differ, as far as a group's parameters have taken the same number of steps. The
   * order of parameters is that of the gradient norm's sum, so another order can change its last
   * bits. A schedule is a function and cannot be saved; it, or {@link #setLearningRate}, must give
   * the learning rate that was used by each group's last step.
   *
   * @param file a file that {@link #save} wrote
   * @param accepted differences to tolerate
   * @throws IOException if the file cannot be read or is not an optimizer state
   * @throws IllegalArgumentException if the state does not fit this optimizer; the message names
   *     the difference
   * @throws IllegalStateException if a step or a load failed partway, the stream is being captured,
   *     micro-batches wait for the next step, another rank could not load the file, or, after a
   *     capture, a schedule returns a rate that is negative, infinite or NaN. If the elements
   *     cannot be read or written completely, the message says so, and the optimizer takes no
   *     further steps and does not save or load
   */
  public void load(Path file, LoadOption... accepted) throws IOException {
    requireGiven(file, "file");
    if (accepted == null) {
      throw new IllegalArgumentException("accepted: null; omit it, or pass LoadOptions");
    }
    for (LoadOption option : accepted) {
      requireGiven(option, "an accepted difference");
    }
    exclusively(
        () -> {
          engine.requireSound();
          engine.load(file, accepted);
          return null;
        });
  }

  /**
   * Gives parameters other arrays, for example when gradients are in new buffers in each step. The
   * optimizer keeps the state of the parameters; names, lengths and types must be the same.
   *
   * <p>The new arrays are used by steps that are enqueued later; steps that are still running use
   * the old ones, which must stay allocated until those have finished. On CUDA, this enqueues a
   * kernel that replaces the changed addresses on the device: it does not wait or allocate device
   * memory. An array that does not change costs nothing. Graphs that captured a step read the
   * addresses from the device when they are replayed, so replays use the new ones too.
   *
   * <p>New float32 weights must hold the weights to train. New half-precision weights and model
   * copies are written by the next step that is not skipped, from the optimizer's master or the
   * weights.
   *
   * @param parameters the parameters, made as for building the optimizer
   * @throws IllegalArgumentException if an argument is null, there is no such parameter, its
   *     length, types or kind of memory differ, or an array overlaps another or exceeds its
   *     allocation; nothing is changed then
   * @throws IllegalStateException if an address changes while the optimizer's stream is being
   *     captured; nothing is changed then
   */
  public void move(Parameter... parameters) {
    requireGiven(parameters, "parameters to move");
    for (Parameter parameter : parameters) {
      requireGiven(parameter, "a parameter to move");
    }
    exclusively(
        () -> {
          engine.requireSound();
          engine.move(parameters);
          return null;
        });
  }

  /**
   * Adds a parameter group, for example for fine-tuning. Its own steps count from 1, so that its
   * schedule and bias correction start anew; the other groups are not affected. On CUDA, this waits
   * for the stream, temporarily needs memory for a second copy of the state, and makes graphs that
   * captured a step invalid: they must not be replayed.
   *
   * @param group the group
   * @throws IllegalArgumentException as for {@link LambBuilder#build()}; nothing is changed then
   * @throws IllegalStateException if the stream is being captured, or micro-batches wait for the
   *     next step
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
   * Removes parameters and their state, and groups that become empty. On CUDA, this waits for the
   * stream, temporarily needs memory for a second copy of the remaining state, and makes graphs
   * that captured a step invalid: they must not be replayed.
   *
   * @param names the names of the parameters
   * @throws IllegalArgumentException if there is no such parameter or none would be left; nothing
   *     is changed then
   * @throws IllegalStateException if the stream is being captured, or micro-batches wait for the
   *     next step
   */
  public void removeParameters(String... names) {
    if (names == null) {
      throw new IllegalArgumentException("parameters to remove: null");
    }
    exclusively(
        () -> {
          engine.remove(Arrays.asList(names));
          return null;
        });
  }

  /**
   * Releases the optimizer's own memory; the caller's memory and stream are not touched. On CUDA,
   * this waits for the stream, which must still exist, and needs the optimizer's context. If a
   * {@link io.github.lamb4j.sharding.DeviceCollective} has failed, close it first. Closing again
   * has no effect, unless the previous call failed; then it tries again.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    if (!busy.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "close: the optimizer is in use by another call; close it when that call has returned");
    }
    try {
      if (!closed) { // another thread may have closed it in the meantime
        engine.close();
        closed = true;
      }
    } finally {
      busy.set(false);
    }
  }

  /** The body of a public method. */
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
          "the optimizer is in use by another call; use it from one thread at a time, and not from its own schedules");
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
