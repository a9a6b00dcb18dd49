package io.github.lamb4j;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.engine.Engine;
import io.github.lamb4j.internal.engine.Model;
import io.github.lamb4j.internal.spi.BackendFactory;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.internal.spi.MemorySpace;
import io.github.lamb4j.model.NameRule;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.sharding.Collective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Builds a {@link Lamb}. Arguments are validated when they are given; parameters are checked
 * against each other and against the backend in {@link #build()}, before anything is allocated or
 * changed. Not thread-safe.
 */
public final class LambBuilder {

  private final BackendFactory backends;
  private final List<ParameterGroup> groups = new ArrayList<>();
  private OptionalDouble maxGradNorm = OptionalDouble.empty();
  private Optional<Scalar> gradientNorm = Optional.empty();
  private Scalar lossScale = Scalar.ONE;
  private Scalar gradientDivisor = Scalar.ONE;
  private NonFiniteGradients nonFinite = NonFiniteGradients.PROPAGATE;
  private OptionalInt threads = OptionalInt.empty();
  private StepPath path = StepPath.AUTO;
  private int microBatches = 1;
  private Optional<Collective> collective = Optional.empty();
  private ReportedNorms norms = ReportedNorms.ALL;

  private LambBuilder(BackendFactory backends) {
    this.backends = backends;
  }

  /**
   * {@return a builder on the given backend} For internal use and for backend implementations,
   * because {@code BackendFactory} is not exported from the module. Programs start with {@link
   * Lamb#onCpu}, {@link Lamb#onCuda} or {@link Lamb#on}.
   *
   * @param backends the factory of the optimizer's backends
   */
  @SuppressWarnings("exports")
  public static LambBuilder over(BackendFactory backends) {
    return new LambBuilder(backends);
  }

  /**
   * Adds a parameter group. The order of groups and parameters is part of the numerics: it is the
   * order in which the gradient norm is summed.
   *
   * @param group the group
   * @return this builder
   * @throws IllegalArgumentException if the group is null
   */
  public LambBuilder group(ParameterGroup group) {
    if (group == null) {
      throw new IllegalArgumentException("group: null");
    }
    groups.add(group);
    return this;
  }

  /**
   * Adds a parameter group.
   *
   * @param name the group's name
   * @param hyperparameters the hyperparameters of all parameters in the group
   * @param parameters at least one parameter
   * @return this builder
   * @throws IllegalArgumentException as for {@link ParameterGroup}
   */
  public LambBuilder group(
      String name, Hyperparameters hyperparameters, List<? extends Parameter> parameters) {
    return group(
        new ParameterGroup(
            name, hyperparameters, parameters == null ? null : new ArrayList<>(parameters)));
  }

  /**
   * Adds a parameter group.
   *
   * @param name the group's name
   * @param hyperparameters the hyperparameters of all parameters in the group
   * @param parameters at least one parameter
   * @return this builder
   * @throws IllegalArgumentException as for {@link ParameterGroup}
   */
  public LambBuilder group(String name, Hyperparameters hyperparameters, Parameter... parameters) {
    return group(name, hyperparameters, parameters == null ? null : Arrays.asList(parameters));
  }

  /**
   * Adds the groups into which rules {@linkplain ParameterGroup#split split} parameters by name.
   * For example, to exclude biases and layer normalization from weight decay and layer adaptation:
   *
   * <pre>{@code
   * builder.groups(
   *     "model",
   *     Hyperparameters.lamb(schedule),
   *     parameters,
   *     NameRule.noDecay("bias|LayerNorm"),
   *     NameRule.noAdaptation("bias|LayerNorm"));
   * }</pre>
   *
   * @param name the common part of the groups' names
   * @param hyperparameters the hyperparameters that the rules modify
   * @param parameters at least one parameter
   * @param rules the rules; each must match at least one parameter
   * @return this builder
   * @throws IllegalArgumentException as for {@link ParameterGroup#split}; nothing is added then
   */
  public LambBuilder groups(
      String name,
      Hyperparameters hyperparameters,
      List<? extends Parameter> parameters,
      NameRule... rules) {
    groups.addAll(ParameterGroup.split(name, hyperparameters, parameters, rules));
    return this;
  }

  /**
   * Clips gradients by their global norm; by default they are not clipped. The true gradients are
   * those in memory divided by the loss scale and the divisor. If the 2-norm of the true gradients
   * of all groups exceeds {@code maxNorm}, each is multiplied by {@code maxNorm / norm} as it is
   * read, so that m, v, r and the trust ratio all see the clipped gradient. There is no epsilon in
   * the formula, the norm cannot overflow, and the gradients in memory are not changed. Computing
   * the norm reads each gradient once more; LANS reads it anyway.
   *
   * @param maxNorm finite, above 0
   * @return this builder
   * @throws IllegalArgumentException if the norm is out of range
   */
  public LambBuilder maxGradNorm(double maxNorm) {
    if (!(maxNorm > 0) || Double.isInfinite(maxNorm)) {
      throw new IllegalArgumentException(
          "maxGradNorm " + maxNorm + ": must be finite and above 0; omit the call for no clipping");
    }
    maxGradNorm = OptionalDouble.of(maxNorm);
    return this;
  }

  /**
   * Supplies the global norm of the gradients, if the program computes it anyway. Clipping and
   * {@link #nonFiniteGradients} then use it instead of reading the gradients once more. A float32
   * norm can overflow where the optimizer's own, computed in double precision, does not.
   *
   * @param norm the 2-norm of the gradients in memory, neither unscaled nor clipped; read by each
   *     step. With {@link #microBatches} or {@link #collective}, the norm of the sum of all
   *     gradients of the step, the same on all ranks
   * @return this builder
   * @throws IllegalArgumentException if the norm is null or a constant
   */
  public LambBuilder gradientNorm(Scalar norm) {
    requireScalar("gradientNorm", norm);
    if (norm instanceof Scalar.Constant) {
      throw new IllegalArgumentException(
          "gradientNorm: a constant; pass a number in memory that the program updates before each step");
    }
    gradientNorm = Optional.of(norm);
    return this;
  }

  /**
   * Sets the loss scale, by which the loss and therefore each gradient in memory was multiplied.
   * Each step divides the gradients by it as it reads them. The default is 1.
   *
   * @param scale finite, above 0; read by each step
   * @return this builder
   * @throws IllegalArgumentException if the scale is null or a constant out of range
   */
  public LambBuilder lossScale(Scalar scale) {
    requireScalar("lossScale", scale);
    lossScale = scale;
    return this;
  }

  /**
   * Sets the number of gradients, for example of micro-batches, that were summed in memory. Each
   * step divides the gradients by it as it reads them. The default is 1.
   *
   * @param divisor finite, above 0; read by each step
   * @return this builder
   * @throws IllegalArgumentException if the divisor is null or a constant out of range
   */
  public LambBuilder gradientDivisor(Scalar divisor) {
    requireScalar("gradientDivisor", divisor);
    gradientDivisor = divisor;
    return this;
  }

  /**
   * Sets the policy for non-finite gradients. The default is {@link NonFiniteGradients#PROPAGATE}.
   * The other policies need the gradient norm; unless it is computed or supplied anyway, this reads
   * each gradient once more.
   *
   * @param policy the policy
   * @return this builder
   * @throws IllegalArgumentException if the policy is null
   */
  public LambBuilder nonFiniteGradients(NonFiniteGradients policy) {
    if (policy == null) {
      throw new IllegalArgumentException("nonFiniteGradients: null");
    }
    nonFinite = policy;
    return this;
  }

  /**
   * Sets the number of CPU threads. The default is one per processor. The number does not affect
   * the result; on CUDA it is ignored.
   *
   * @param count at least 1
   * @return this builder
   * @throws IllegalArgumentException if the count is below 1
   */
  public LambBuilder threads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("threads " + count + ": must be at least 1");
    }
    threads = OptionalInt.of(count);
    return this;
  }

  /**
   * Sets the number of micro-batches whose gradients each step sums, on this rank. The default is
   * 1: a step uses the gradients in memory. With more, call {@link Lamb#addMicroBatch()} after each
   * backward pass and {@link Lamb#step()} after the last one.
   *
   * <p>Gradients are added in float32 as a tree: neighbors first, then neighboring sums. Thus N
   * ranks with n micro-batches each give the bits of one rank with N n of them, if n is a power of
   * two. Half-precision gradients are widened first. The optimizer keeps log2(count) arrays,
   * rounded up, of 4 bytes per parameter element. If the gradients of micro-batches are means,
   * {@link #gradientDivisor} must be the total number of micro-batches over all ranks. Host
   * parameters on CUDA are not supported.
   *
   * @param count at least 1
   * @return this builder
   * @throws IllegalArgumentException if the count is below 1
   */
  public LambBuilder microBatches(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("microBatches " + count + ": must be at least 1");
    }
    microBatches = count;
    return this;
  }

  /**
   * Divides the optimizer among the ranks of a collective. Every rank builds the same optimizer on
   * its own copy of the weights, computes its own gradients, and makes the same calls; {@link
   * #build()} gives all of them the weights of rank 0. Each step sums the gradients of all ranks in
   * the order of ranks, as {@link #microBatches} does, and leaves the same weights on every rank.
   * Each rank keeps and updates its part of the moments and masters, 1/N of them.
   *
   * <p>The bits do not depend on the number of ranks, because they exchange bytes and never sums.
   * These calls exchange data, so that all ranks must make them in the same order: {@link
   * #build()}, {@link Lamb#step()}, {@link Lamb#readState}, {@link Lamb#save}, {@link Lamb#load},
   * {@link Lamb#addGroup} and {@link Lamb#removeParameters}.
   *
   * <p>With float32 weights, each of N ranks sends, and receives, 8 (N - 1) / N bytes per parameter
   * element and step, and 16 to 24 bytes per 2048 elements for norms. On CUDA, a {@link
   * io.github.lamb4j.sharding.DeviceCollective} exchanges on the optimizer's stream, and {@link
   * Lamb#step()} does not wait; the optimizer keeps 8 bytes per parameter element for the exchange.
   * A {@link io.github.lamb4j.sharding.HostCollective} also works there, for tests and small
   * clusters: steps then copy through host memory and wait. Steps can be captured only if {@link
   * io.github.lamb4j.sharding.DeviceCollective#isCapturable} says so. Host parameters on CUDA are
   * not supported.
   *
   * <p>With a {@code HostCollective}, each step checks that all ranks take the same step with the
   * same learning rates, frozen parameters and scalars in host memory. With a {@code
   * DeviceCollective}, whose steps do not wait for other ranks, only {@link Lamb#save} checks step
   * and learning rates.
   *
   * <p>If a rank fails, hangs or makes a different call, every rank's call throws {@link
   * io.github.lamb4j.error.CollectiveException}, and the collective cannot be used any more. End
   * the processes and resume from the last saved state. If the ranks' optimizers differ, {@link
   * #build()} throws {@link IllegalArgumentException} on every rank.
   *
   * @param ranks the collective. The caller keeps ownership; it must be open until the optimizer is
   *     closed, unless it has failed. Between calls of the optimizer, the program may use it too,
   *     on the same thread and in the same order on all ranks, for example to sum losses
   * @return this builder
   * @throws IllegalArgumentException if the collective is null
   */
  public LambBuilder collective(Collective ranks) {
    if (ranks == null) {
      throw new IllegalArgumentException("collective: null; omit the call for a single process");
    }
    collective = Optional.of(ranks);
    return this;
  }

  /**
   * Sets how a CUDA step passes over memory. The default is {@link StepPath#AUTO}. The path does
   * not affect the result; on the CPU it is ignored.
   *
   * @param value the path
   * @return this builder
   * @throws IllegalArgumentException if the path is null
   */
  public LambBuilder path(StepPath value) {
    if (value == null) {
      throw new IllegalArgumentException("path: null");
    }
    path = value;
    return this;
  }

  /**
   * Sets which parameters' norms reports contain. The default is {@link ReportedNorms#ALL}. With
   * {@link ReportedNorms#ADAPTED}, steps of groups without layer adaptation (AdamW) are cheaper,
   * and {@link io.github.lamb4j.report.StepReport#hasNorms} is false for their parameters. The
   * choice holds for every step, including captured ones, because a step cannot know whether it
   * will be reported. It does not affect the result.
   *
   * @param value the parameters
   * @return this builder
   * @throws IllegalArgumentException if the value is null
   */
  public LambBuilder reportedNorms(ReportedNorms value) {
    if (value == null) {
      throw new IllegalArgumentException("reportedNorms: null");
    }
    norms = value;
    return this;
  }

  /**
   * {@return a new optimizer with zero moments, and masters equal to half-precision weights} On
   * CUDA, this loads the kernels and waits for the stream. If building fails, everything that was
   * allocated is released, and the builder can be used again.
   *
   * @throws IllegalArgumentException if there is no group, two groups or two parameters have the
   *     same name, a parameter or scalar is in the wrong kind of memory, arrays overlap, host
   *     parameters on CUDA are combined with micro-batches or a collective, or the ranks'
   *     optimizers differ
   * @throws IllegalStateException if the calling thread has no current CUDA context, the stream is
   *     being captured, the device or driver is too old, or there is not enough memory
   * @throws CudaException if a driver call fails
   */
  public Lamb build() {
    Model model = new Model(groups, backends.memory());
    GradientOptions gradients =
        new GradientOptions(maxGradNorm, gradientNorm, lossScale, gradientDivisor, nonFinite);
    requireMemory("gradientNorm", gradientNorm.orElse(Scalar.ONE));
    requireMemory("lossScale", lossScale);
    requireMemory("gradientDivisor", gradientDivisor);
    int threadCount = threads.orElse(Runtime.getRuntime().availableProcessors());
    BackendSettings settings =
        new BackendSettings(gradients, threadCount, path, norms, microBatches, collective);
    return new Lamb(new Engine(model, backends, settings));
  }

  private void requireMemory(String name, Scalar scalar) {
    MemorySpace memory = backends.memory();
    if (!memory.holds(scalar)) {
      throw new IllegalArgumentException(
          "%s: in the wrong memory for this optimizer; use Scalar.%s"
              .formatted(name, memory.factory()));
    }
  }

  private static void requireScalar(String name, Scalar scalar) {
    if (scalar == null) {
      throw new IllegalArgumentException(name + ": null");
    }
    if (scalar instanceof Scalar.Constant c && !(c.value() > 0 && c.value() < 1 / 0.0)) {
      throw new IllegalArgumentException(name + " " + c.value() + ": must be finite and above 0");
    }
  }
}
