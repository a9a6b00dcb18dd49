package io.github.lamb4j.internal.numerics;

/**
 * The learning rates that a backend keeps for each group, by step. It needs more than one because
 * the host, which waits for nothing, does not know how many steps were skipped; and because a graph
 * is replayed without the host. The twin of {@code rate_of} in {@code kernels/begin_step.cuh}.
 */
public final class Rates {

  /** How many are kept, {@code kRates}: so many skips, or replays, the host can run ahead. */
  public static final int KEPT = 4096;

  private Rates() {}

  /** The step whose rate stands in for this one's: itself, if its rate is kept. */
  public static long nearest(long step, long known) {
    return Math.min(Math.max(step, known - KEPT + 1), known);
  }
}
