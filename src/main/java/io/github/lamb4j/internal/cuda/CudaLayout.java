package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The structures that the host and the kernels share: the byte offset of every field of {@code
 * kernels/layout.cuh}, under the same names. LayoutTest compares the two files.
 */
final class CudaLayout {

  /** Bytes of shared memory that hold one tile of r. */
  static final int SLOT = Tiling.TILE_ELEMENTS * Float.BYTES;

  /** A tile's two partial sums, a {@code double2}. */
  static final int PARTIAL = 2 * Double.BYTES;

  private CudaLayout() {}

  /** One parameter. */
  static final class Segment {
    static final int WEIGHTS = 0;
    static final int MODEL = WEIGHTS + Long.BYTES;
    static final int GRADIENTS = MODEL + Long.BYTES;
    static final int EXP_AVG = GRADIENTS + Long.BYTES;
    static final int EXP_AVG_SQ = EXP_AVG + Long.BYTES;
    static final int COUNT = EXP_AVG_SQ + Long.BYTES;
    static final int FIRST_TILE = COUNT + Long.BYTES;
    static final int TILE_COUNT = FIRST_TILE + Integer.BYTES;
    static final int GRADIENT_TYPE = TILE_COUNT + Integer.BYTES;
    static final int MODEL_TYPE = GRADIENT_TYPE + Integer.BYTES;
    static final int ALIGNED = MODEL_TYPE + Integer.BYTES;
    static final int PADDING = ALIGNED + Integer.BYTES;
    static final int SIZE = PADDING + Integer.BYTES;

    private Segment() {}
  }

  /** The norms of one segment at the last step. */
  static final class SegmentNorms {
    static final int WEIGHT_NORM = 0;
    static final int UPDATE_NORM = WEIGHT_NORM + Double.BYTES;
    static final int TRUST_RATIO = UPDATE_NORM + Double.BYTES;
    static final int GRADIENT_UPDATE_NORM = TRUST_RATIO + Double.BYTES;
    static final int GRADIENT_TRUST_RATIO = GRADIENT_UPDATE_NORM + Double.BYTES;
    static final int GRADIENT_SCALE = GRADIENT_TRUST_RATIO + Double.BYTES;
    static final int STEP_SIZE = GRADIENT_SCALE + Double.BYTES;
    static final int GRADIENT_STEP_SIZE = STEP_SIZE + Float.BYTES;
    static final int SIZE = GRADIENT_STEP_SIZE + Float.BYTES;

    private SegmentNorms() {}
  }

  /** The hyperparameters of a group. */
  static final class Hyperparameters {
    static final int BETA1 = 0;
    static final int BETA2 = BETA1 + Double.BYTES;
    static final int EPSILON = BETA2 + Double.BYTES;
    static final int WEIGHT_DECAY = EPSILON + Double.BYTES;
    static final int WEIGHT_NORM_MIN = WEIGHT_DECAY + Double.BYTES;
    static final int WEIGHT_NORM_MAX = WEIGHT_NORM_MIN + Double.BYTES;
    static final int TRUST_RATIO_MIN = WEIGHT_NORM_MAX + Double.BYTES;
    static final int TRUST_RATIO_MAX = TRUST_RATIO_MIN + Double.BYTES;
    static final int BIAS_CORRECTION = TRUST_RATIO_MAX + Double.BYTES;
    static final int LAYER_ADAPTATION = BIAS_CORRECTION + Integer.BYTES;
    static final int DECOUPLED_DECAY = LAYER_ADAPTATION + Integer.BYTES;
    static final int GRADIENT_AVERAGING = DECOUPLED_DECAY + Integer.BYTES;
    static final int LANS = GRADIENT_AVERAGING + Integer.BYTES;
    static final int PADDING = LANS + Integer.BYTES;
    static final int SIZE = PADDING + Integer.BYTES;

    private Hyperparameters() {}
  }

  /** The constants of one step of a group, derived on the device. */
  static final class Coefficients {
    static final int LEARNING_RATE = 0;
    static final int GRADIENT_SCALE = LEARNING_RATE + Double.BYTES;
    static final int BETA1_HI = GRADIENT_SCALE + Double.BYTES;
    static final int BETA1_LO = BETA1_HI + Float.BYTES;
    static final int ONE_MINUS_BETA1 = BETA1_LO + Float.BYTES;
    static final int BETA2_HI = ONE_MINUS_BETA1 + Float.BYTES;
    static final int BETA2_LO = BETA2_HI + Float.BYTES;
    static final int ONE_MINUS_BETA2 = BETA2_LO + Float.BYTES;
    static final int M_CORRECTION = ONE_MINUS_BETA2 + Float.BYTES;
    static final int SQRT_V_CORRECTION = M_CORRECTION + Float.BYTES;
    static final int EPSILON = SQRT_V_CORRECTION + Float.BYTES;
    static final int WEIGHT_DECAY = EPSILON + Float.BYTES;
    static final int DECOUPLED_DECAY = WEIGHT_DECAY + Float.BYTES;
    static final int SKIP = DECOUPLED_DECAY + Float.BYTES;
    static final int SIZE = SKIP + Integer.BYTES;

    private Coefficients() {}
  }

  /** The inputs of {@code gradient_scale}. An address of 0 means that the input is not given. */
  static final class GradientInputs {
    static final int SUMS = 0;
    static final int NORM = SUMS + Long.BYTES;
    static final int LOSS_SCALE = NORM + Long.BYTES;
    static final int DIVISOR = LOSS_SCALE + Long.BYTES;
    static final int CONSTANT = DIVISOR + Long.BYTES;
    static final int MAX_NORM = CONSTANT + Double.BYTES;
    static final int COUNT = MAX_NORM + Double.BYTES;
    static final int NON_FINITE = COUNT + Integer.BYTES;
    static final int SIZE = NON_FINITE + Integer.BYTES;

    private GradientInputs() {}
  }

  /** The decisions for a step of all groups. */
  static final class StepControl {
    static final int NORM = 0;
    static final int SCALE = NORM + Double.BYTES;
    static final int DIVISOR = SCALE + Double.BYTES;
    static final int SKIPPED = DIVISOR + Double.BYTES;
    static final int SKIP = SKIPPED + Long.BYTES;
    static final int HALTED = SKIP + Integer.BYTES;
    static final int SIZE = HALTED + Integer.BYTES;

    private StepControl() {}
  }

  /** The step count of a group and the values that depend on it. */
  static final class StepState {
    static final int STEP = 0;
    static final int KNOWN_RATES = STEP + Long.BYTES;
    static final int RATE = KNOWN_RATES + Long.BYTES;
    static final int BETA1_POWER = RATE + Double.BYTES;
    static final int BETA2_POWER = BETA1_POWER + Double.BYTES;
    static final int COEFFICIENTS = BETA2_POWER + Double.BYTES;
    static final int SIZE = COEFFICIENTS + Coefficients.SIZE;

    private StepState() {}
  }

  /** The addresses of a group's tables; a kernel argument. */
  static final class Group {
    static final int SEGMENTS = 0;
    static final int TILE_SEGMENTS = SEGMENTS + Long.BYTES;
    static final int PARTIALS = TILE_SEGMENTS + Long.BYTES;
    static final int GRADIENT_PARTIALS = PARTIALS + Long.BYTES;
    static final int NORMS = GRADIENT_PARTIALS + Long.BYTES;
    static final int GRADIENT_SUMS = NORMS + Long.BYTES;
    static final int HYPERPARAMETERS = GRADIENT_SUMS + Long.BYTES;
    static final int STATE = HYPERPARAMETERS + Long.BYTES;
    static final int TILE_COUNT = STATE + Long.BYTES;
    static final int SEGMENT_COUNT = TILE_COUNT + Integer.BYTES;
    static final int SIZE = SEGMENT_COUNT + Integer.BYTES;

    private Group() {}
  }

  /** The addresses of the single pass's tables; a kernel argument. */
  static final class Window {
    static final int TICKET = 0;
    static final int ARRIVALS = TICKET + Long.BYTES;
    static final int READY = ARRIVALS + Long.BYTES;
    static final int SUMS = READY + Long.BYTES;
    static final int DEFERRED = SUMS + Long.BYTES;
    static final int SLOTS = DEFERRED + Long.BYTES;
    static final int PADDING = SLOTS + Integer.BYTES;
    static final int SIZE = PADDING + Integer.BYTES;

    private Window() {}
  }

  /** {@code kGroups}: the groups that one launch of {@code begin_step} advances. */
  static final int GROUPS = 128;

  /** The learning rates of the next step; a kernel argument. */
  static final class NextRates {
    static final int COUNT = 0;
    static final int LEARNING_RATE = COUNT + Long.BYTES;
    static final int STEP = LEARNING_RATE + GROUPS * Double.BYTES;
    static final int SIZE = STEP + GROUPS * Long.BYTES;

    private NextRates() {}
  }

  /** {@code kMoves}: the words that one launch of {@code move_arrays} stores. */
  static final int MOVES = 255;

  /** New values of words in segment tables; a kernel argument. */
  static final class Moves {
    static final int COUNT = 0;
    static final int ADDRESS = COUNT + Long.BYTES;
    static final int VALUE = ADDRESS + MOVES * Long.BYTES;
    static final int SIZE = VALUE + MOVES * Long.BYTES;

    private Moves() {}
  }

  /** {@code kWordsPerTile}: tagged words with one tile's sums. */
  static final int WORDS_PER_TILE = 4;

  /** A direct buffer of zeros, in the byte order of host and device. */
  static ByteBuffer buffer(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
  }

  /** An argument of a kernel that is one 64-bit number or address. */
  static ByteBuffer argument(long value) {
    return buffer(Long.BYTES).putLong(0, value);
  }

  /** The {@code DType} of the kernels. */
  static int dtype(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case BF16 -> 2;
    };
  }

  /** The {@code BiasCorrection} of the kernels. */
  static int biasCorrection(BiasCorrection correction) {
    return switch (correction) {
      case NONE -> 0;
      case MOMENTS -> 1;
      case LEARNING_RATE -> 2;
    };
  }

  /** The {@code NonFinite} of the kernels. */
  static int nonFinite(NonFiniteGradients policy) {
    return switch (policy) {
      case PROPAGATE -> 0;
      case SKIP -> 1;
      case FAIL -> 2;
    };
  }
}
