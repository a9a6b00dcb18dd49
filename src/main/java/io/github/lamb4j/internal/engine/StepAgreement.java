package io.github.lamb4j.internal.engine;

import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.sharding.HostCollective;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Checks before each step that all ranks are about to take the same one. */
final class StepAgreement {

  private static final int STEP = 0;
  private static final int RATES = Long.BYTES;
  private static final int FROZEN = 2 * Long.BYTES;
  private static final int SCALARS = 3 * Long.BYTES;

  /**
   * A scalar that each step reads from the program's host memory. The program may change it between
   * steps only, so the value compared is the one that the step then uses.
   */
  private record HostScalar(String name, FloatBuffer buffer) {
    float value() {
      return buffer.get(0);
    }
  }

  private final HostCollective collective;
  private final HostScalar[] scalars;
  private final int bytes;
  private final ByteBuffer sent;
  private final ByteBuffer received;

  StepAgreement(HostCollective collective, GradientOptions options) {
    this.collective = collective;
    List<HostScalar> read = new ArrayList<>();
    addHostScalar(read, "gradientNorm", options.norm().orElse(Scalar.ONE));
    addHostScalar(read, "lossScale", options.lossScale());
    addHostScalar(read, "gradientDivisor", options.divisor());
    scalars = read.toArray(new HostScalar[0]);
    bytes = SCALARS + Float.BYTES * scalars.length;
    sent = ByteBuffer.allocateDirect(bytes);
    received = ByteBuffer.allocateDirect(bytes * collective.size());
  }

  private static void addHostScalar(List<HostScalar> scalars, String name, Scalar scalar) {
    if (scalar instanceof Scalar.OnHost host) {
      scalars.add(new HostScalar(name, host.array().floats()));
    }
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
    for (int i = 0; i < scalars.length; i++) {
      sent.putFloat(SCALARS + i * Float.BYTES, scalars[i].value());
    }
    collective.allGather(sent, received);
    for (int rank = 0; rank < collective.size(); rank++) {
      int at = rank * bytes;
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
      requireSameScalars(step, rank, at + SCALARS);
    }
  }

  private void requireSameScalars(long step, int rank, int at) {
    for (int i = 0; i < scalars.length; i++) {
      float mine = sent.getFloat(SCALARS + i * Float.BYTES);
      float other = received.getFloat(at + i * Float.BYTES);
      // Compared by bits, except that all NaNs are equal.
      if (Float.floatToIntBits(other) != Float.floatToIntBits(mine)) {
        throw differs(
            rank,
            "has %s %s for step %d, but this rank has %s"
                .formatted(scalars[i].name(), other, step, mine));
      }
    }
  }

  private CollectiveException differs(int rank, String what) {
    return new CollectiveException(
        collective.rank(),
        "step",
        "rank %d %s; make the same calls with the same state, schedules and scalars on every rank"
            .formatted(rank, what),
        OptionalInt.of(rank));
  }
}
