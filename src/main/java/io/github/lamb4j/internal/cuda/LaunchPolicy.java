package io.github.lamb4j.internal.cuda;

import java.util.List;

/**
 * The launch configuration of a kernel. Tuning only: results do not depend on the grid.
 *
 * @param kernel the kernel's name
 * @param threads threads per block; equals the kernel's launch bounds
 * @param blocksPerMultiprocessor resident blocks per multiprocessor; each processes several tiles
 *     or segments if there are more of them than blocks
 */
record LaunchPolicy(String kernel, int threads, int blocksPerMultiprocessor) {

  static final LaunchPolicy GRADIENT_NORM_TILES = new LaunchPolicy("gradient_norm_tiles", 256, 8);
  static final LaunchPolicy GRADIENT_NORM_SEGMENTS =
      new LaunchPolicy("gradient_norm_segments", 256, 8);
  static final LaunchPolicy GRADIENT_SCALE = new LaunchPolicy("gradient_scale", 256, 1);
  static final LaunchPolicy BEGIN_STEP = new LaunchPolicy("begin_step", 128, 1);
  static final LaunchPolicy MOMENTS = new LaunchPolicy("moments", 256, 3);
  static final LaunchPolicy TRUST_RATIO = new LaunchPolicy("trust_ratio", 256, 8);
  static final LaunchPolicy APPLY = new LaunchPolicy("apply", 256, 3);

  static final LaunchPolicy LANS_MOMENTS = new LaunchPolicy("lans_moments", 256, 3);
  static final LaunchPolicy LANS_TRUST_RATIO = new LaunchPolicy("lans_trust_ratio", 256, 8);
  static final LaunchPolicy LANS_APPLY = new LaunchPolicy("lans_apply", 256, 3);

  static final LaunchPolicy SINGLE_PASS = new LaunchPolicy("single_pass", 256, 2);
  static final LaunchPolicy UNADAPTED = new LaunchPolicy("unadapted", 256, 3);
  static final LaunchPolicy UNADAPTED_NORMS = new LaunchPolicy("unadapted_norms", 256, 3);
  static final LaunchPolicy ACCUMULATE = new LaunchPolicy("accumulate", 256, 5);

  static final LaunchPolicy MOVE_ARRAYS = new LaunchPolicy("move_arrays", 256, 1);

  static final LaunchPolicy MICRO_BATCH = new LaunchPolicy("micro_batch", 256, 5);
  static final LaunchPolicy SUM_RANKS = new LaunchPolicy("sum_ranks", 256, 5);
  static final LaunchPolicy PACK_WEIGHTS = new LaunchPolicy("pack_weights", 256, 5);
  static final LaunchPolicy UNPACK_WEIGHTS = new LaunchPolicy("unpack_weights", 256, 5);

  static List<LaunchPolicy> all() {
    return List.of(
        GRADIENT_NORM_TILES,
        GRADIENT_NORM_SEGMENTS,
        GRADIENT_SCALE,
        BEGIN_STEP,
        MOMENTS,
        TRUST_RATIO,
        APPLY,
        LANS_MOMENTS,
        LANS_TRUST_RATIO,
        LANS_APPLY,
        SINGLE_PASS,
        UNADAPTED,
        UNADAPTED_NORMS,
        ACCUMULATE,
        MOVE_ARRAYS,
        MICRO_BATCH,
        SUM_RANKS,
        PACK_WEIGHTS,
        UNPACK_WEIGHTS);
  }

  /** The number of blocks for {@code work} tiles or segments: at least one, as CUDA requires. */
  int grid(int work, int multiprocessors) {
    return (int) Math.max(1, Math.min(work, (long) multiprocessors * blocksPerMultiprocessor));
  }
}
