package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes the structures of {@link CudaLayout} into a buffer, each from the index {@code at} on. */
final class StructWriter {

  /** The words of a segment that depend on the caller's addresses, each of 8 bytes. */
  private static final int[] ADDRESS_WORDS = {
    CudaLayout.Segment.WEIGHTS,
    CudaLayout.Segment.MODEL,
    CudaLayout.Segment.GRADIENTS,
    CudaLayout.Segment.ALIGNED // and the padding after it
  };

  private static final DeviceArray NO_MODEL = new DeviceArray(0, DType.F16);

  private StructWriter() {}

  /**
   * The arrays of one segment.
   *
   * @param weights the address of binary32 weights: the caller's own, or a master copy
   * @param model the caller's half-precision weights; its address is 0 if it has no such weights
   * @param gradients the caller's gradients
   * @param expAvg the address of the first moments
   * @param expAvgSq the address of the second moments
   */
  record SegmentArrays(
      long weights, DeviceArray model, DeviceArray gradients, long expAvg, long expAvgSq) {

    /** Whether kernels can load four elements of each array at once. */
    private boolean isAligned() {
      return (weights | expAvg | expAvgSq) % (4L * Float.BYTES) == 0
          && isAligned(model)
          && isAligned(gradients);
    }

    private static boolean isAligned(DeviceArray array) {
      return array.address() % (4L * array.type().bytes()) == 0;
    }
  }

  static void putSegment(
      ByteBuffer to, int at, SegmentArrays arrays, long count, int firstTile, int tileCount) {
    to.putLong(at + CudaLayout.Segment.WEIGHTS, arrays.weights);
    to.putLong(at + CudaLayout.Segment.MODEL, arrays.model.address());
    to.putLong(at + CudaLayout.Segment.GRADIENTS, arrays.gradients.address());
    to.putLong(at + CudaLayout.Segment.EXP_AVG, arrays.expAvg);
    to.putLong(at + CudaLayout.Segment.EXP_AVG_SQ, arrays.expAvgSq);
    to.putLong(at + CudaLayout.Segment.COUNT, count);
    to.putInt(at + CudaLayout.Segment.FIRST_TILE, firstTile);
    to.putInt(at + CudaLayout.Segment.TILE_COUNT, tileCount);
    to.putInt(at + CudaLayout.Segment.GRADIENT_TYPE, CudaLayout.dtype(arrays.gradients.type()));
    to.putInt(at + CudaLayout.Segment.MODEL_TYPE, CudaLayout.dtype(arrays.model.type()));
    to.putInt(at + CudaLayout.Segment.ALIGNED, flag(arrays.isAligned()));
  }

  /** One segment, on the heap, where buffers are cheap. */
  static ByteBuffer segment(SegmentArrays arrays, long count, int firstTile, int tileCount) {
    ByteBuffer segment =
        ByteBuffer.allocate(CudaLayout.Segment.SIZE).order(ByteOrder.nativeOrder());
    putSegment(segment, 0, arrays, count, firstTile, tileCount);
    return segment;
  }

  /** The caller's half-precision weights; without any, an array at address 0. */
  static DeviceArray model(DeviceParameter p) {
    return p.hasMaster() ? p.weights() : p.modelCopy().orElse(NO_MODEL);
  }

  /** Stores the words in which two versions of a segment at a device address differ. */
  static void moveSegment(ArrayMoves moves, long segment, ByteBuffer before, ByteBuffer after) {
    for (int word : ADDRESS_WORDS) {
      if (before.getLong(word) != after.getLong(word)) {
        moves.put(segment + word, after.getLong(word));
      }
    }
  }

  static void putHyperparameters(ByteBuffer to, int at, Hyperparameters h) {
    to.putDouble(at + CudaLayout.Hyperparameters.BETA1, h.beta1());
    to.putDouble(at + CudaLayout.Hyperparameters.BETA2, h.beta2());
    to.putDouble(at + CudaLayout.Hyperparameters.EPSILON, h.epsilon());
    to.putDouble(at + CudaLayout.Hyperparameters.WEIGHT_DECAY, h.weightDecay());
    to.putDouble(at + CudaLayout.Hyperparameters.WEIGHT_NORM_MIN, h.weightNormLimits().min());
    to.putDouble(at + CudaLayout.Hyperparameters.WEIGHT_NORM_MAX, h.weightNormLimits().max());
    to.putDouble(at + CudaLayout.Hyperparameters.TRUST_RATIO_MIN, h.trustRatioLimits().min());
    to.putDouble(at + CudaLayout.Hyperparameters.TRUST_RATIO_MAX, h.trustRatioLimits().max());
    to.putInt(
        at + CudaLayout.Hyperparameters.BIAS_CORRECTION,
        CudaLayout.biasCorrection(h.biasCorrection()));
    to.putInt(at + CudaLayout.Hyperparameters.LAYER_ADAPTATION, flag(h.isAdapted()));
    to.putInt(at + CudaLayout.Hyperparameters.DECOUPLED_DECAY, flag(h.decoupledDecay()));
    to.putInt(at + CudaLayout.Hyperparameters.GRADIENT_AVERAGING, flag(h.gradientAveraging()));
    to.putInt(at + CudaLayout.Hyperparameters.LANS, flag(h.updateRule() == UpdateRule.LANS));
  }

  /** The control block before the first step: no norm, a scale of 1, not skipped. */
  static void putStepControl(ByteBuffer to, int at, long skipped) {
    to.putDouble(at + CudaLayout.StepControl.NORM, Double.NaN);
    to.putDouble(at + CudaLayout.StepControl.SCALE, 1);
    to.putDouble(at + CudaLayout.StepControl.DIVISOR, 1);
    to.putLong(at + CudaLayout.StepControl.SKIPPED, skipped);
    to.putInt(at + CudaLayout.StepControl.SKIP, 0);
    to.putInt(at + CudaLayout.StepControl.HALTED, 0);
  }

  /** The state after {@code step} steps. The coefficients are cleared; the next step sets them. */
  static void putStepState(ByteBuffer to, int at, long step, double beta1Power, double beta2Power) {
    to.putLong(at + CudaLayout.StepState.STEP, step);
    to.putLong(at + CudaLayout.StepState.KNOWN_RATES, step);
    to.putDouble(at + CudaLayout.StepState.RATE, 0);
    to.putDouble(at + CudaLayout.StepState.BETA1_POWER, beta1Power);
    to.putDouble(at + CudaLayout.StepState.BETA2_POWER, beta2Power);
    for (int i = 0; i < CudaLayout.Coefficients.SIZE; i++) {
      to.put(at + CudaLayout.StepState.COEFFICIENTS + i, (byte) 0);
    }
  }

  /** The norms of a segment that no step has updated: its first step is to come, or it is empty. */
  static void putNoNorms(ByteBuffer to, int at) {
    to.putDouble(at + CudaLayout.SegmentNorms.WEIGHT_NORM, 0);
    to.putDouble(at + CudaLayout.SegmentNorms.UPDATE_NORM, 0);
    to.putDouble(at + CudaLayout.SegmentNorms.TRUST_RATIO, 1);
    to.putDouble(at + CudaLayout.SegmentNorms.GRADIENT_UPDATE_NORM, 0);
    to.putDouble(at + CudaLayout.SegmentNorms.GRADIENT_TRUST_RATIO, 1);
    to.putDouble(at + CudaLayout.SegmentNorms.GRADIENT_SCALE, 0);
    to.putFloat(at + CudaLayout.SegmentNorms.STEP_SIZE, 0);
    to.putFloat(at + CudaLayout.SegmentNorms.GRADIENT_STEP_SIZE, 0);
  }

  private static int flag(boolean value) {
    return value ? 1 : 0;
  }
}
