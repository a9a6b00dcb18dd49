package io.github.lamb4j.tools.train;

import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.sharding.LocalCollective;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;

/**
 * Divides each batch into micro-batches, and those among the ranks of a group. Micro-batches and
 * ranks follow the order of the batch: each rank takes a run of neighbors. The results depend on
 * the number of micro-batches but not on the number of ranks.
 */
public final class DataParallel {

  private final HostCollective collective;
  private final int microBatches;
  private final int perRank;
  private final ByteBuffer ownLosses;
  private final ByteBuffer losses;

  /**
   * Divides batches among all ranks.
   *
   * @param collective stays open as long as this is in use; the caller keeps ownership
   * @param microBatches the number of micro-batches of a batch, on all ranks
   * @throws IllegalArgumentException if there are several ranks and the number of micro-batches of
   *     each is not a power of two: the bits would depend on the number of ranks
   */
  public DataParallel(HostCollective collective, int microBatches) {
    int ranks = collective.size();
    perRank = microBatches / ranks;
    if (microBatches < 1
        || ranks > 1 && (microBatches % ranks != 0 || Integer.bitCount(perRank) != 1)) {
      throw new IllegalArgumentException(
          "micro-batches %d: on %d ranks, use %d times a power of two, for example %d"
              .formatted(
                  microBatches, ranks, ranks, ranks * Integer.highestOneBit(Math.max(1, perRank))));
    }
    this.collective = collective;
    this.microBatches = microBatches;
    ownLosses = ByteBuffer.allocateDirect(perRank * Double.BYTES);
    losses = ByteBuffer.allocateDirect(microBatches * Double.BYTES);
  }

  /** One process that takes each batch whole. */
  public static DataParallel single() {
    return new DataParallel(LocalCollective.of(1).get(0), 1);
  }

  /** The number of ranks. */
  public int ranks() {
    return collective.size();
  }

  /** The number of micro-batches of a batch, on all ranks. */
  public int microBatches() {
    return microBatches;
  }

  /** The number of micro-batches that this rank takes of each batch. */
  int perRank() {
    return perRank;
  }

  /** Whether batches are taken whole, in one process. */
  public boolean isSingle() {
    return microBatches == 1;
  }

  /** Ranks and micro-batches, to continue a line; empty for a single one. */
  public String describe() {
    return isSingle()
        ? ""
        : "; %d micro-batches per batch, on %d rank%s"
            .formatted(microBatches, ranks(), ranks() == 1 ? "" : "s");
  }

  /** The maximum number of examples in a micro-batch. */
  int largest(int batchSize) {
    return (batchSize + microBatches - 1) / microBatches;
  }

  /**
   * The place where a micro-batch of this rank begins, and where its predecessor ends, in the batch
   * {@code from <= place < to}. A batch with fewer examples than micro-batches has empty ones.
   *
   * @param index from 0 to {@link #perRank()}, which is the end of the last one
   */
  int start(int from, int to, int index) {
    long number = (long) collective.rank() * perRank + index;
    return from + (int) ((to - from) * number / microBatches);
  }

  /** Makes an optimizer sum the gradients of all micro-batches. */
  LambBuilder join(LambBuilder optimizer) {
    optimizer.microBatches(perRank);
    return ranks() == 1 ? optimizer : optimizer.collective(collective);
  }

  /**
   * Sums the losses of all micro-batches, in their order. Every rank gets the same sum.
   *
   * @param own the losses of this rank's micro-batches
   */
  double sum(double[] own) {
    ownLosses.asDoubleBuffer().put(own);
    collective.allGather(ownLosses, losses);
    DoubleBuffer all = losses.asDoubleBuffer();
    double sum = 0;
    while (all.hasRemaining()) {
      sum += all.get();
    }
    return sum;
  }
}
