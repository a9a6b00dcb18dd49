package io.github.lamb4j.cuda;

import io.github.lamb4j.DType;
import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.core.Backend.SegmentNorms;
import io.github.lamb4j.core.Tiling;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The structures that host and kernels share: the twin of {@code kernels/layout.cuh}, same names,
 * same order.
 */
final class CudaLayout {

  static final int SEGMENT = 56;
  static final int SEGMENT_NORMS = 32;
  static final int HYPERPARAMETERS = 72;
  static final int GRADIENT_SCALE = 16;
  static final int STEP_STATE = 80;
  static final int GROUP = 64;
  static final int WINDOW = 40;

  /** Bytes of shared memory that hold one tile of r. */
  static final int SLOT = Tiling.TILE_ELEMENTS * Float.BYTES;

  /** A tile's partial sums, a {@code double2}. */
  static final int PARTIAL = 16;

  private CudaLayout() {}

  static ByteBuffer buffer(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
  }

  static void putSegment(
      ByteBuffer to,
      long weights,
      long gradients,
      long expAvg,
      long expAvgSq,
      long count,
      int firstTile,
      int tileCount,
      DType gradientType) {
    to.putLong(weights).putLong(gradients).putLong(expAvg).putLong(expAvgSq).putLong(count);
    to.putInt(firstTile).putInt(tileCount).putInt(gradientType(gradientType));
    boolean aligned =
        (weights | expAvg | expAvgSq) % 16 == 0 && gradients % (4 * gradientType.bytes()) == 0;
    to.putInt(aligned ? 1 : 0);
  }

  private static int gradientType(DType type) {
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
    to.putInt(h.biasCorrection() ? 1 : 0).putInt(h.layerAdaptation() ? 1 : 0);
  }

  /** The state after {@code step} steps; the coefficients are {@code begin_step}'s to write. */
  static void putStepState(ByteBuffer to, long step, double beta1Power, double beta2Power) {
    to.putLong(step).putDouble(beta1Power).putDouble(beta2Power);
    to.position(to.position() + STEP_STATE - 24);
  }

  /** The norms of a segment before its first step, and of one without elements at any time. */
  static void putNoNorms(ByteBuffer to) {
    to.putDouble(0).putDouble(0).putDouble(1).putLong(0);
  }

  static SegmentNorms getSegmentNorms(ByteBuffer from) {
    SegmentNorms norms = new SegmentNorms(from.getDouble(), from.getDouble(), from.getDouble());
    from.position(from.position() + 8);
    return norms;
  }
}
