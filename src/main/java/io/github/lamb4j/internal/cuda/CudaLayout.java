package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The structures that host and kernels share: the twin of {@code kernels/layout.cuh}, same names,
 * same order.
 */
final class CudaLayout {

  static final int SEGMENT = 72;
  static final int SEGMENT_NORMS = 56;
  static final int HYPERPARAMETERS = 88;
  static final int GRADIENT_INPUTS = 56;
  static final int STEP_CONTROL = 32;
  static final int COEFFICIENTS = 64;
  static final int STEP_STATE = 32 + COEFFICIENTS;
  static final int GROUP = 80;
  static final int WINDOW = 40;

  /** Bytes of shared memory that hold one tile of r. */
  static final int SLOT = Tiling.TILE_ELEMENTS * Float.BYTES;

  /** A tile's partial sums, a {@code double2}. */
  static final int PARTIAL = 16;

  private CudaLayout() {}

  static ByteBuffer buffer(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
  }

  /**
   * Where a segment's arrays lie.
   *
   * @param weights binary32: the caller's, or our master
   * @param model the caller's half weights; the address is 0 without
   */
  record Segment(
      long weights, DeviceArray model, DeviceArray gradients, long expAvg, long expAvgSq) {

    private boolean isAligned() {
      return (weights | expAvg | expAvgSq) % 16 == 0
          && model.address() % (4L * model.type().bytes()) == 0
          && gradients.address() % (4L * gradients.type().bytes()) == 0;
    }
  }

  static void putSegment(ByteBuffer to, Segment s, long count, int firstTile, int tileCount) {
    to.putLong(s.weights).putLong(s.model.address()).putLong(s.gradients.address());
    to.putLong(s.expAvg).putLong(s.expAvgSq).putLong(count).putInt(firstTile).putInt(tileCount);
    to.putInt(dtype(s.gradients.type())).putInt(dtype(s.model.type()));
    to.putInt(s.isAligned() ? 1 : 0).putInt(0);
  }

  static int dtype(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case BF16 -> 2;
    };
  }

  static void putHyperparameters(ByteBuffer to, Hyperparameters h) {
    to.putDouble(h.beta1()).putDouble(h.beta2()).putDouble(h.epsilon()).putDouble(h.weightDecay());
    to.putDouble(h.weightNormLimits().min()).putDouble(h.weightNormLimits().max());
    to.putDouble(h.trustRatioLimits().min()).putDouble(h.trustRatioLimits().max());
    to.putInt(biasCorrection(h.biasCorrection())).putInt(flag(h.isAdapted()));
    to.putInt(flag(h.decoupledDecay())).putInt(flag(h.gradientAveraging()));
    to.putInt(flag(h.updateRule() == UpdateRule.LANS)).putInt(0);
  }

  private static int biasCorrection(BiasCorrection correction) {
    return switch (correction) {
      case NONE -> 0;
      case MOMENTS -> 1;
      case LEARNING_RATE -> 2;
    };
  }

  static int nonFinite(NonFiniteGradients policy) {
    return switch (policy) {
      case PROPAGATE -> 0;
      case SKIP -> 1;
      case FAIL -> 2;
    };
  }

  private static int flag(boolean value) {
    return value ? 1 : 0;
  }

  /** What holds before the first step: no norm, a scale of 1, and no skip. */
  static void putStepControl(ByteBuffer to, long skipped) {
    to.putDouble(Double.NaN).putDouble(1).putLong(skipped).putInt(0).putInt(0);
  }

  /**
   * The state after {@code step} steps; the coefficients, zeros, are {@code begin_step}'s to write.
   */
  static void putStepState(ByteBuffer to, long step, double beta1Power, double beta2Power) {
    to.putLong(step).putLong(step).putDouble(beta1Power).putDouble(beta2Power);
    for (int i = 0; i < COEFFICIENTS; i += Long.BYTES) {
      to.putLong(0);
    }
  }

  /** The norms of a segment before its first step, and of one without elements at any time. */
  static void putNoNorms(ByteBuffer to) {
    to.putDouble(0).putDouble(0).putDouble(1).putDouble(0).putDouble(1).putDouble(0).putLong(0);
  }
}
