package io.github.lamb4j;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Builds a {@link Lamb}. Everything is checked in {@link #build()}, before anything is allocated or
 * touched.
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

  private LambBuilder(BackendFactory backends) {
    this.backends = backends;
  }

  /**
   * A builder over a backend of this project's own; programs use {@link Lamb}'s methods, since
   * {@code BackendFactory} is not exported.
   */
  @SuppressWarnings("exports")
  public static LambBuilder over(BackendFactory backends) {
    return new LambBuilder(backends);
  }

  /** Adds a parameter group. Groups and parameters keep the order in which they are added. */
  public LambBuilder group(ParameterGroup group) {
    if (group == null) {
      throw new IllegalArgumentException("group: null");
    }
    groups.add(group);
    return this;
  }

  /** Adds a parameter group. */
  public LambBuilder group(
      String name, Hyperparameters hyperparameters, List<? extends Parameter> parameters) {
    return group(
        new ParameterGroup(
            name, hyperparameters, parameters == null ? null : new ArrayList<>(parameters)));
  }

  /** Adds a parameter group. */
  public LambBuilder group(String name, Hyperparameters hyperparameters, Parameter... parameters) {
    return group(name, hyperparameters, parameters == null ? null : Arrays.asList(parameters));
  }

  /**
   * Adds a group for each combination of switches that the rules give the parameters by their
   * names; {@link ParameterGroup#split} says which, and how they are called. Biases and layer
   * normalisation without decay and without adaptation, in one call:
   *
   * <pre>{@code
   * builder.groups(
   *     "model",
   *     Hyperparameters.lamb(schedule),
   *     parameters,
   *     NameRule.noDecay("bias|LayerNorm"),
   *     NameRule.noAdaptation("bias|LayerNorm"))
   * }</pre>
   *
   * @throws IllegalArgumentException as {@link ParameterGroup#split}; nothing is added then
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
   * Clips the gradients. With s the loss scale times the divisor (1 if neither is given), the true
   * gradient is the one in memory divided by s. If the 2-norm of all true gradients of all groups
   * exceeds {@code maxNorm}, each is multiplied by {@code maxNorm / norm} as it is read: after
   * unscaling and before it enters the moments, so that m, v, r and the trust ratio all see the
   * clipped gradient. There is no epsilon in it, the norm cannot overflow, and the gradients in
   * memory are not changed. Without this call nothing is clipped.
   *
   * @param maxNorm above 0
   */
  public LambBuilder maxGradNorm(double maxNorm) {
    if (!(maxNorm > 0) || Double.isInfinite(maxNorm)) {
      throw new IllegalArgumentException(
          "maxGradNorm "
              + maxNorm
              + ": must be a finite number above 0; leave the call out for no clipping");
    }
    maxGradNorm = OptionalDouble.of(maxNorm);
    return this;
  }

  /**
   * Takes the norm of all gradients from the caller, who has it already: of the gradients as they
   * lie, neither unscaled nor clipped. It serves clipping and {@link #nonFiniteGradients} and saves
   * the pass over the gradients. A binary32 norm may overflow where the optimizer's own does not.
   *
   * @param norm read by each step
   */
  public LambBuilder gradientNorm(Scalar norm) {
    requireScalar("gradientNorm", norm);
    if (norm instanceof Scalar.Constant) {
      throw new IllegalArgumentException(
          "gradientNorm: a constant; give a number that the program writes before each step");
    }
    gradientNorm = Optional.of(norm);
    return this;
  }

  /**
   * What the loss, and so each gradient in memory, was multiplied by. Each step divides by it. By
   * default 1.
   *
   * @param scale read by each step
   */
  public LambBuilder lossScale(Scalar scale) {
    requireScalar("lossScale", scale);
    lossScale = scale;
    return this;
  }

  /**
   * How many gradients were added up in each: that of micro-batches, for example. Each step divides
   * by it. By default 1.
   *
   * @param divisor read by each step
   */
  public LambBuilder gradientDivisor(Scalar divisor) {
    requireScalar("gradientDivisor", divisor);
    gradientDivisor = divisor;
    return this;
  }

  /**
   * What a step does with gradients that are not finite; {@link NonFiniteGradients#PROPAGATE} by
   * default. The others cost the norm of the gradients, if nothing else needs it: 4 bytes per fp32
   * parameter.
   */
  public LambBuilder nonFiniteGradients(NonFiniteGradients policy) {
    if (policy == null) {
      throw new IllegalArgumentException("nonFiniteGradients: null");
    }
    nonFinite = policy;
    return this;
  }

  /**
   * The number of CPU threads; by default one for each processor. Changes no bit of the result.
   *
   * @param count at least 1; has no effect on CUDA
   */
  public LambBuilder threads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("threads " + count + ": must be 1 or more");
    }
    threads = OptionalInt.of(count);
    return this;
  }

  /**
   * How a CUDA step goes through memory; {@link StepPath#AUTO} by default. Changes no bit of the
   * result.
   *
   * @param value has no effect on the CPU
   */
  public LambBuilder path(StepPath value) {
    if (value == null) {
      throw new IllegalArgumentException("path: null");
    }
    path = value;
    return this;
  }

  /**
   * Checks everything and allocates the moments, all zero, and masters where weights are half
   * precision.
   *
   * @throws IllegalArgumentException if there is no group, a name stands twice, a parameter or a
   *     scalar does not lie where the backend needs it, or the memory of two tensors overlaps
   * @throws IllegalStateException if the calling thread has no current CUDA context, or memory does
   *     not suffice
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
    return new Lamb(new Engine(model, backends, new BackendSettings(gradients, threadCount, path)));
  }

  private void requireMemory(String what, Scalar scalar) {
    MemorySpace memory = backends.memory();
    if (!memory.holds(scalar)) {
      throw new IllegalArgumentException(
          "%s: this optimizer takes scalars made by Scalar.%s".formatted(what, memory.factory()));
    }
  }

  private static void requireScalar(String what, Scalar scalar) {
    if (scalar == null) {
      throw new IllegalArgumentException(what + ": null");
    }
    if (scalar instanceof Scalar.Constant c && !(c.value() > 0 && c.value() < 1 / 0.0)) {
      throw new IllegalArgumentException(
          what + " " + c.value() + ": must be a finite number above 0");
    }
  }
}
