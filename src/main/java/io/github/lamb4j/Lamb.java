package io.github.lamb4j;

import io.github.lamb4j.core.Backend;
import io.github.lamb4j.core.Backend.SegmentNorms;
import io.github.lamb4j.core.Backend.StepNotStarted;
import io.github.lamb4j.cuda.JCudaDriver;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
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
 * <p><b>Threads.</b> Any one thread at a time may use an optimizer; use by two at once is detected
 * and refused. On CUDA the thread's current context must be the one in which the optimizer was
 * built.
 */
public final class Lamb implements AutoCloseable {

  private final List<ParameterGroup> groups;
  private final boolean clipping;
  private final Backend backend;
  private final Map<String, Place> places;
  private final double[] learningRates;
  private final AtomicBoolean busy = new AtomicBoolean();
  private volatile long step; // any thread may ask for it
  private boolean stepTaken;
  private volatile boolean closed;
  private Throwable failure;

  Lamb(List<ParameterGroup> groups, boolean clipping, Backend backend) {
    this.groups = List.copyOf(groups);
    this.clipping = clipping;
    this.backend = backend;
    places = places(groups);
    learningRates = new double[groups.size()];
  }

  /** An optimizer of host parameters, on the CPU. */
  public static LambBuilder onCpu() {
    return LambBuilder.cpu();
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
    BackendChoice.requireDriver();
    return LambBuilder.cuda(new JCudaDriver(), stream);
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
    if (choice.kind() == BackendChoice.Kind.CPU) {
      return LambBuilder.cpu();
    }
    BackendChoice.cuda();
    return LambBuilder.mirrored(new JCudaDriver());
  }

  /**
   * Takes one step with the gradients as they are.
   *
   * <p>On CUDA the step is enqueued on the caller's stream and this returns: it allocates nothing,
   * copies nothing to the host and waits for nothing. Gradients are only read. The learning rate of
   * the step is an argument of its kernels: a step that is captured in a CUDA graph keeps it, so
   * that capture is of use for a constant rate alone, and {@link #stepCount} does not see replays.
   *
   * @throws IllegalStateException if the optimizer is closed or in use by another thread, the
   *     thread's current context is not the optimizer's, or a schedule gives a learning rate that
   *     is negative, infinite or NaN; weights and state are then as they were. If a step fails
   *     part-way the message says so, and every later step is refused
   */
  public void step() {
    enter();
    try {
      requireSound();
      backend.requireUsable();
      for (int i = 0; i < learningRates.length; i++) {
        learningRates[i] = learningRate(groups.get(i), step + 1);
      }
      takeStep();
    } finally {
      busy.set(false);
    }
  }

  private void takeStep() {
    try {
      backend.step(learningRates);
      step++;
      stepTaken = true;
    } catch (StepNotStarted e) {
      throw e.reason();
    } catch (RuntimeException | Error e) {
      failure = e;
      requireSound();
    }
  }

  private double learningRate(ParameterGroup group, long step) {
    double rate = group.hyperparameters().learningRate().at(step);
    if (!(rate >= 0) || Double.isInfinite(rate)) {
      throw new IllegalStateException(
          "group %s: its schedule gives learning rate %s at step %d; it must be a finite number, 0 or more"
              .formatted(group.name(), rate, step));
    }
    return rate;
  }

  /** The number of steps taken, those before {@link #resumeAt} included. */
  public long stepCount() {
    return step;
  }

  /** The parameter groups, in the order in which they were added. */
  public List<ParameterGroup> groups() {
    return groups;
  }

  /**
   * Every parameter's norms and trust ratio at the last step, in the order of the groups and their
   * parameters. On CUDA this waits for the stream and copies them to the host.
   *
   * @throws IllegalStateException if no step was taken yet
   */
  public List<LayerNorms> layerNorms() {
    return exclusively(
        () -> {
          requireStepTaken();
          SegmentNorms[] norms = backend.norms();
          List<LayerNorms> result = new ArrayList<>(norms.length);
          for (ParameterGroup group : groups) {
            for (Parameter parameter : group.parameters()) {
              SegmentNorms n = norms[result.size()];
              result.add(
                  new LayerNorms(parameter.name(), n.weightNorm(), n.updateNorm(), n.trustRatio()));
            }
          }
          return result;
        });
  }

  /**
   * The 2-norm of all gradients of all groups at the last step, before clipping. On CUDA this waits
   * for the stream.
   *
   * @throws IllegalStateException if no step was taken yet or the optimizer does not clip
   */
  public double gradientNorm() {
    return exclusively(
        () -> {
          if (!clipping) {
            throw new IllegalStateException(
                "the gradient norm is computed for clipping only: build with maxGradNorm(...)");
          }
          requireStepTaken();
          return backend.gradientNorm();
        });
  }

  /**
   * Copies a part of a parameter's moment out, for a checkpoint. On CUDA this waits for the stream.
   *
   * @param offset the first element
   * @param target is filled from its position to its limit
   * @throws IllegalArgumentException if there is no such parameter, the range exceeds it, or the
   *     target is read-only
   */
  public void readMoment(String parameter, Moment moment, long offset, FloatBuffer target) {
    requireGiven(moment, target, "target");
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target: a read-only buffer; give a writable one");
    }
    exclusively(
        () -> {
          Place place = placeOf(parameter, offset, target.remaining());
          backend.readMoment(place.group, place.parameter, moment, offset, target);
          return null;
        });
  }

  /**
   * Replaces a part of a parameter's moment, from a checkpoint; see {@link #resumeAt}.
   *
   * @param offset the first element
   * @param source the elements from its position to its limit
   * @throws IllegalArgumentException if there is no such parameter or the range exceeds it
   */
  public void writeMoment(String parameter, Moment moment, long offset, FloatBuffer source) {
    requireGiven(moment, source, "source");
    exclusively(
        () -> {
          Place place = placeOf(parameter, offset, source.remaining());
          backend.writeMoment(place.group, place.parameter, moment, offset, source);
          return null;
        });
  }

  /**
   * Goes on from a checkpoint: the next step is step {@code step + 1}. With the weights and both
   * moments of every parameter restored too, the run continues bit for bit as if it had never
   * stopped.
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
          backend.setStep(step);
          this.step = step;
          stepTaken = false;
          return null;
        });
  }

  /**
   * Frees what the optimizer owns; the caller's buffers and stream are left alone. A second call
   * does nothing.
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
        backend.close();
        closed = true;
      }
    } finally {
      busy.set(false);
    }
  }

  private <T> T exclusively(Supplier<T> call) {
    enter();
    try {
      backend.requireUsable();
      return call.get();
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

  private void requireSound() {
    if (failure != null) {
      throw new IllegalStateException(
          "step %d failed part-way: restore weights and moments from a checkpoint into a new optimizer"
              .formatted(step + 1),
          failure);
    }
  }

  private void requireStepTaken() {
    if (!stepTaken) {
      throw new IllegalStateException("no step was taken yet: call step() first");
    }
  }

  /** Where a parameter stands: its group, and its place in it. */
  private record Place(int group, int parameter) {}

  private Place placeOf(String name, long offset, long length) {
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException(
          "parameter " + name + ": the optimizer has none of this name");
    }
    requireRange(groups.get(place.group).parameters().get(place.parameter), offset, length);
    return place;
  }

  private static Map<String, Place> places(List<ParameterGroup> groups) {
    Map<String, Place> places = new HashMap<>();
    for (int g = 0; g < groups.size(); g++) {
      List<Parameter> parameters = groups.get(g).parameters();
      for (int p = 0; p < parameters.size(); p++) {
        places.put(parameters.get(p).name(), new Place(g, p));
      }
    }
    return places;
  }

  private static void requireGiven(Moment moment, FloatBuffer buffer, String what) {
    if (moment == null || buffer == null) {
      throw new IllegalArgumentException((moment == null ? "moment" : what) + ": null");
    }
  }

  private static void requireRange(Parameter parameter, long offset, long length) {
    if (offset < 0 || offset > parameter.count() - length) {
      throw new IllegalArgumentException(
          "parameter %s: elements %d and on, %d of them, are not all within its %d"
              .formatted(parameter.name(), offset, length, parameter.count()));
    }
  }
}
