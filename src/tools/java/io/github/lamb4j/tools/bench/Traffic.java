package io.github.lamb4j.tools.bench;

/**
 * Bytes that a step moves of fp32 weights, gradients and moments, from the count of elements that
 * went each way. What went which way is counted when it happens; that these are the bytes of each
 * way is tested against the emulator's count of every load and store.
 */
final class Traffic {

  /** Reads gradient, weight and moments, writes the moments. */
  private static final int MOMENTS = 24;

  /** Reads weight and moments again, writes the weight. */
  private static final int APPLY = 16;

  /** The update was kept: reads the weight again and writes it. */
  private static final int RETIRE = 8;

  /** The update needs no ratio: writes the weight. */
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
