package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.Scalar;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The launch of {@code gradient_scale} in {@code kernels/gradient_norm.cuh}, which determines the
 * gradient scale of a step and whether the step is skipped.
 */
final class CudaGradientNorm {

  private final GradientOptions options;
  private final long[] sums;
  private final CudaDriver.Launch launch;

  /**
   * Allocates the sums if they are needed.
   *
   * @param control the address of the {@code StepControl}
   */
  CudaGradientNorm(
      Launcher launcher,
      DeviceArrays arrays,
      List<ParameterGroup> groups,
      GradientOptions options,
      long control) {
    this.options = options;
    sums = new long[groups.size()];
    int segments = groups.stream().mapToInt(g -> g.parameters().size()).sum();
    boolean lans =
        groups.stream().anyMatch(g -> g.hyperparameters().updateRule() == UpdateRule.LANS);
    long all =
        options.computesNorm() || lans
            ? arrays.allocate((long) segments * Double.BYTES, Purpose.GRADIENT_SUMS, "all groups")
            : 0;
    long next = all;
    for (int g = 0; g < groups.size(); g++) {
      sums[g] = next;
      next += all == 0 ? 0 : (long) groups.get(g).parameters().size() * Double.BYTES;
    }
    launch =
        launcher.prepare(
            LaunchPolicy.GRADIENT_SCALE,
            1,
            inputs(options, all, segments),
            CudaLayout.argument(control));
  }

  private static ByteBuffer inputs(GradientOptions options, long sums, int segments) {
    return CudaLayout.buffer(CudaLayout.GradientInputs.SIZE)
        .putLong(CudaLayout.GradientInputs.SUMS, sums)
        .putLong(
            CudaLayout.GradientInputs.NORM,
            options.norm().map(CudaGradientNorm::address).orElse(0L))
        .putLong(CudaLayout.GradientInputs.LOSS_SCALE, address(options.lossScale()))
        .putLong(CudaLayout.GradientInputs.DIVISOR, address(options.divisor()))
        .putDouble(CudaLayout.GradientInputs.CONSTANT, options.constantDivisor())
        .putDouble(
            CudaLayout.GradientInputs.MAX_NORM, options.maxNorm().orElse(Double.POSITIVE_INFINITY))
        .putInt(CudaLayout.GradientInputs.COUNT, options.computesNorm() ? segments : 0)
        .putInt(CudaLayout.GradientInputs.NON_FINITE, CudaLayout.nonFinite(options.nonFinite()));
  }

  private static long address(Scalar scalar) {
    return scalar instanceof Scalar.OnDevice s ? s.array().address() : 0;
  }

  /** The address of a group's sums of g^2, one per segment; 0 if they are not needed. */
  long sumsOf(int group) {
    return sums[group];
  }

  boolean computesNorm() {
    return options.computesNorm();
  }

  /** Whether {@link #decide} may count a skipped step or end the run. */
  boolean countsSkips() {
    return options.nonFinite() != NonFiniteGradients.PROPAGATE;
  }

  /** Enqueues the kernel, unless the options leave nothing to decide. */
  void decide(CudaStream stream) {
    if (!options.isNone()) {
      launch.enqueue(stream);
    }
  }
}
