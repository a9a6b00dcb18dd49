package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.sharding.ShardPlan;
import io.github.lamb4j.sharding.HostCollective;

/**
 * Gives all ranks the weights that each has updated. Half-precision weights travel widened, which
 * is exact.
 */
final class WeightGather {

  private final HostCollective collective;
  private final UserArrays arrays;
  private final TileSlots slots;

  WeightGather(HostCollective collective, UserArrays arrays, TileSlots slots) {
    this.collective = collective;
    this.arrays = arrays;
    this.slots = slots;
  }

  void run(Workers workers) {
    for (slots.begin(); slots.hasPart(); slots.nextPart()) {
      slots.forRank(collective.rank(), workers, this::pack);
      collective.allGather(slots.sentOfOne(), slots.received());
      slots.forEachRank(workers, this::unpack);
    }
  }

  /** Gives all ranks the weights of the first. */
  void broadcast(Workers workers) {
    boolean first = collective.rank() == 0;
    for (slots.begin(); slots.hasPart(); slots.nextPart()) {
      if (first) {
        slots.forEachRank(workers, this::pack);
      }
      collective.broadcast(first ? slots.sent() : slots.received(), 0);
      if (!first) {
        slots.forEachRank(workers, this::unpack);
      }
    }
  }

  private void pack(ShardPlan.Place place, int slot, Span span) {
    TileArray from = arrays.weights(place.group(), place.parameter());
    float[] w = from.read(place.start(), place.count(), span.r, span);
    slots.sentFloats().put(slot, w, from.at(place.start()), place.count());
  }

  private void unpack(ShardPlan.Place place, int slot, Span span) {
    if (!arrays.isFrozen(place.group(), place.parameter())) {
      slots.receivedFloats().get(slot, span.r, 0, place.count());
      arrays.storeWeights(
          place.group(), place.parameter(), span.r, place.start(), place.count(), span);
    }
  }
}
