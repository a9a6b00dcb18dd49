package io.github.lamb4j;

import io.github.lamb4j.core.Backend;
import io.github.lamb4j.core.Overlaps;
import io.github.lamb4j.cpu.CpuBackend;
import io.github.lamb4j.cuda.CudaBackend;
import io.github.lamb4j.cuda.CudaDriver;
import io.github.lamb4j.cuda.HostMirror;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import jcuda.driver.CUstream;

/**
 * Builds a {@link Lamb}. Everything is checked in {@link #build()}, before anything is allocated or
 * touched.
 */
public final class LambBuilder {

  /** Where parameters lie and steps run. */
  private enum Target {
    CPU,
    CUDA,
    CUDA_WITH_HOST_PARAMETERS
  }

  private final Target target;
  private final CudaDriver driver;
  private final CUstream stream;
  private final List<ParameterGroup> groups = new ArrayList<>();
  private OptionalDouble maxGradNorm = OptionalDouble.empty();
  private OptionalInt threads = OptionalInt.empty();
  private StepPath path = StepPath.AUTO;

  private LambBuilder(Target target, CudaDriver driver, CUstream stream) {
    this.target = target;
    this.driver = driver;
    this.stream = stream;
  }

  static LambBuilder cpu() {
    return new LambBuilder(Target.CPU, null, null);
  }

  static LambBuilder cuda(CudaDriver driver, CUstream stream) {
    return new LambBuilder(Target.CUDA, driver, stream);
  }

  static LambBuilder mirrored(CudaDriver driver) {
    return new LambBuilder(Target.CUDA_WITH_HOST_PARAMETERS, driver, null);
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
   * Clips the gradients: if the 2-norm of all gradients of all groups exceeds {@code maxNorm},
   * every gradient is multiplied by {@code maxNorm / norm} as it is read, before it enters the
   * moments. There is no epsilon in it, the norm cannot overflow, and the gradients in memory are
   * not changed. Without this call nothing is clipped.
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
   * Checks everything and allocates the moments, all zero.
   *
   * @throws IllegalArgumentException if there is no group, a name stands twice, a parameter does
   *     not lie where the backend needs it, or the memory of two tensors overlaps
   * @throws IllegalStateException if the calling thread has no current CUDA context, or memory does
   *     not suffice
   * @throws CudaException if a driver call fails
   */
  public Lamb build() {
    if (groups.isEmpty()) {
      throw new IllegalArgumentException("no parameter group: add at least one with group(...)");
    }
    requireUniqueNames();
    requireParametersWhereTheyBelong();
    Overlaps.refuse(groups);
    return new Lamb(groups, maxGradNorm.isPresent(), backend());
  }

  private Backend backend() {
    return switch (target) {
      case CPU ->
          new CpuBackend(
              groups, maxGradNorm, threads.orElse(Runtime.getRuntime().availableProcessors()));
      case CUDA -> new CudaBackend(driver, stream, groups, maxGradNorm, path);
      case CUDA_WITH_HOST_PARAMETERS -> new HostMirror(driver, groups, maxGradNorm, path);
    };
  }

  private void requireUniqueNames() {
    Set<String> groupNames = new HashSet<>();
    Set<String> parameterNames = new HashSet<>();
    for (ParameterGroup group : groups) {
      if (!groupNames.add(group.name())) {
        throw new IllegalArgumentException("group " + group.name() + ": two groups have this name");
      }
      for (Parameter parameter : group.parameters()) {
        if (!parameterNames.add(parameter.name())) {
          throw new IllegalArgumentException(
              "parameter %s (group %s): two parameters have this name"
                  .formatted(parameter.name(), group.name()));
        }
      }
    }
  }

  private void requireParametersWhereTheyBelong() {
    Class<?> wanted = target == Target.CUDA ? DeviceParameter.class : HostParameter.class;
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        if (!wanted.isInstance(parameter)) {
          throw new IllegalArgumentException(
              "parameter %s (group %s): this optimizer takes parameters made by Parameter.%s"
                  .formatted(
                      parameter.name(),
                      group.name(),
                      target == Target.CUDA ? "onDevice" : "onHost"));
        }
      }
    }
  }
}
