package io.github.lamb4j.internal.engine;

import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.sharding.HostCollective;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.Set;

/** Checks before each step that all ranks are about to take the same one. */
final class StepAgreement {

  private static final int STEP = 0;
  private static final int RATES = Long.BYTES;
  private static final int FROZEN = 2 * Long.BYTES;
  private static final int BYTES = 3 * Long.BYTES;

  private final HostCollective collective;
  private final ByteBuffer sent = ByteBuffer.allocateDirect(BYTES);
  private final ByteBuffer received;

  StepAgreement(HostCollective collective) {
    this.collective = collective;
    received = ByteBuffer.allocateDirect(BYTES * collective.size());
  }

  /**
   * Compares the next step with that of all ranks.
   *
   * @param step the number of the step
   * @param learningRates by group
   * @param frozen the names of frozen parameters
   * @throws CollectiveException if a rank is about to take another step, or does not answer
   */
  void require(long step, double[] learningRates, Set<String> frozen) {
    long rates = 1;
    for (double rate : learningRates) {
      rates = 31 * rates + Double.doubleToLongBits(rate);
    }
    sent.putLong(STEP, step).putLong(RATES, rates).putLong(FROZEN, frozen.hashCode());
    collective.allGather(sent, received);
    for (int rank = 0; rank < collective.size(); rank++) {
      int at = rank * BYTES;
      long other = received.getLong(at + STEP);
      if (other != step) {
        throw differs(rank, "is at step %d, but this rank is at step %d".formatted(other, step));
      }
      if (received.getLong(at + RATES) != rates) {
        throw differs(rank, "has other learning rates for step " + step);
      }
      if (received.getLong(at + FROZEN) != frozen.hashCode()) {
        throw differs(rank, "has frozen other parameters at step " + step);
      }
    }
  }

  private CollectiveException differs(int rank, String what) {
    return new CollectiveException(
        collective.rank(),
        "step",
        "rank %d %s; make the same calls with the same state and schedules on every rank"
            .formatted(rank, what),
        OptionalInt.of(rank));
  }
}
