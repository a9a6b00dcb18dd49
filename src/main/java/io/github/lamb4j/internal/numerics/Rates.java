package io.github.lamb4j.internal.numerics;

/**
 * The learning rates that a backend stores for each group, by step. It needs more than one because
 * the host, which never waits for the device, does not know how many steps were skipped, and
 * because a graph is replayed without the host. The twin of {@code rate_of} in {@code
 * kernels/begin_step.cuh}.
 */
public final class Rates {

  /** The number of rates kept, {@code kRates}: the skips or replays that the host can run ahead. */
  public static final int KEPT = 4096;

  /**
   * In place of a rate's step: the rate is for the next step, whatever its number, and is not kept.
   */
  public static final long NEXT_STEP = -1;

  private Rates() {}

  /** The step whose rate is used for this one: itself if its rate is kept, else the nearest. */
  public static long nearest(long step, long known) {
    return Math.min(Math.max(step, known - KEPT + 1), known);
  }
}
