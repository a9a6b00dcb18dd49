package io.github.lamb4j.tools.bench;

/**
 * Bytes of fp32 weights, gradients and moments that a step moves, for the number of elements on
 * each path. The elements are counted at run time; the bytes per element are tested against the
 * emulator's count of all loads and stores.
 */
final class Traffic {

  /** Reads gradient, weight and moments; writes the moments. */
  private static final int MOMENTS = 24;

  /** Reads weight and moments again; writes the weight. */
  private static final int APPLY = 16;

  /** With the update kept in shared memory: reads the weight again and writes it. */
  private static final int RETIRE = 8;

  /** Without a trust ratio: writes the weight. */
  private static final int APPLY_NOW = 4;

  private static final int CLIP = Float.BYTES;

  private Traffic() {}

  static long copy(long elements) {
    return 2 * Float.BYTES * elements;
  }

  static long clip(long elements) {
    return CLIP * elements;
  }

  static long twoPasses(long elements) {
    return (MOMENTS + APPLY) * elements;
  }

  static long singlePass(long elements, long deferred) {
    return (MOMENTS + RETIRE) * (elements - deferred) + (MOMENTS + APPLY) * deferred;
  }

  static long singlePassUnadapted(long elements) {
    return (MOMENTS + APPLY_NOW) * elements;
  }
}
