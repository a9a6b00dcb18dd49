package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.sharding.ShardPlan;
import io.github.lamb4j.sharding.HostCollective;
import java.nio.FloatBuffer;

/**
 * Sums the gradients of all ranks. Ranks exchange gradients, and the owner of a tile adds them in
 * the order of {@code kernels/NUMERICS.md}, so that the sum does not depend on the transport.
 */
final class GradientExchange {

  /** The gradients of a whole parameter. */
  interface Source {
    TileArray gradients(int group, int parameter);
  }

  private final HostCollective collective;
  private final ShardPlan plan;
  private final UserArrays arrays;
  private final TileSlots slots;
  private final Source source;

  /** By group and parameter: the sums for the fragments that this rank owns. */
  private final float[][][] sums;

  GradientExchange(
      HostCollective collective,
      ShardPlan plan,
      UserArrays arrays,
      TileSlots slots,
      Source source,
      float[][][] sums) {
    this.collective = collective;
    this.plan = plan;
    this.arrays = arrays;
    this.slots = slots;
    this.source = source;
    this.sums = sums;
  }

  void run(Workers workers) {
    for (slots.begin(); slots.hasPart(); slots.nextPart()) {
      slots.forEachRank(workers, this::pack);
      collective.allToAll(slots.sent(), slots.received());
      slots.forRank(collective.rank(), workers, this::sum);
    }
  }

  private void pack(ShardPlan.Place place, int slot, Span span) {
    if (!arrays.isFrozen(place.group(), place.parameter())) {
      TileArray from = source.gradients(place.group(), place.parameter());
      float[] g = from.read(place.start(), place.count(), span.r, span);
      slots.sentFloats().put(slot, g, from.at(place.start()), place.count());
    }
  }

  /** Adds neighbors, then neighboring sums, in place. */
  private void sum(ShardPlan.Place place, int slot, Span span) {
    if (arrays.isFrozen(place.group(), place.parameter())) {
      return;
    }
    FloatBuffer received = slots.receivedFloats();
    int stride = slots.rankStride();
    int left = plan.ranks();
    for (; left > 1; left = (left + 1) / 2) {
      for (int i = 0; i < left / 2; i++) {
        received.get(slot + 2 * i * stride, span.r, 0, place.count());
        received.get(slot + (2 * i + 1) * stride, span.c, 0, place.count());
        span.kernels.add(span.r, 0, span.c, 0, place.count());
        received.put(slot + i * stride, span.r, 0, place.count());
      }
      if (left % 2 != 0) {
        received.get(slot + (left - 1) * stride, span.r, 0, place.count());
        received.put(slot + left / 2 * stride, span.r, 0, place.count());
      }
    }
    long from = plan.from(collective.rank(), place.group(), place.parameter());
    float[] target = sums[place.group()][place.parameter()];
    received.get(slot, target, (int) (place.start() - from), place.count());
  }
}
