package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.sharding.ShardPlan;
import io.github.lamb4j.sharding.HostCollective;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** What several ranks exchange in a step, and to save their state. */
final class RankExchange {

  /** Elements of the state that are exchanged at once. */
  private static final int PIECE = 1 << 16;

  /** Reads elements of the state that this rank owns. */
  interface Owned {
    void read(long offset, FloatBuffer target);
  }

  private final HostCollective collective;
  private final ShardPlan plan;
  final GradientExchange gradients;
  final WeightGather weights;
  final ShardSums sums;
  private final ByteBuffer piece =
      ByteBuffer.allocateDirect(PIECE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  /**
   * Allocates buffers.
   *
   * @param source the gradients to send
   * @param gradientSums by group and parameter: receive the sums for the fragments of this rank
   */
  RankExchange(
      HostCollective collective,
      ShardPlan plan,
      UserArrays arrays,
      GradientExchange.Source source,
      float[][][] gradientSums) {
    this.collective = collective;
    this.plan = plan;
    TileSlots slots = new TileSlots(plan);
    gradients = new GradientExchange(collective, plan, arrays, slots, source, gradientSums);
    weights = new WeightGather(collective, arrays, slots);
    sums = new ShardSums(collective, plan, arrays.groups());
  }

  /**
   * Reads part of a parameter's state, each element from the rank that owns it. All ranks make the
   * same call.
   *
   * @param owned reads this rank's elements, from an offset within its fragment
   * @param target filled from its position to its limit
   */
  void read(int group, int parameter, long offset, FloatBuffer target, Owned owned) {
    long length = target.remaining();
    for (int root = 0; root < plan.ranks(); root++) {
      ShardPlan.Part part = plan.part(root, group, parameter, offset, length);
      for (long at = part.first(); at < part.end(); at += PIECE) {
        piece.clear().limit((int) Math.min(PIECE, part.end() - at) * Float.BYTES);
        if (root == collective.rank()) {
          owned.read(at - plan.from(root, group, parameter), piece.asFloatBuffer());
        }
        collective.broadcast(piece, root);
        target.put(piece.asFloatBuffer());
      }
    }
  }
}
