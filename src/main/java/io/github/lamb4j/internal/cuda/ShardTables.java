package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.PairwiseTree;
import io.github.lamb4j.internal.sharding.ShardPlan;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The launches of {@code kernels/sharding.cuh}, and the slots in which gradients and weights
 * travel.
 */
final class ShardTables {

  private final ShardPlan plan;
  private final int rank;
  private final int microBatches;
  final List<WholeArrays> wholes = new ArrayList<>();

  /**
   * The kept sums, level by level, from one micro-batch to the next. During a step, the lowest
   * level also holds gradients and weights to send.
   */
  final long kept;

  /** What has arrived, used only within a call; 0 with one rank. */
  final long received;

  /** The size of one level, a slot for each tile, including those that pad the last ranks. */
  private final long levelBytes;

  /** Bytes of a tile's weights: halves if all weights are. */
  private final int weightBytes;

  private final ByteBuffer keptArgument = CudaLayout.buffer(Long.BYTES);
  private final ByteBuffer levels = CudaLayout.buffer(Integer.BYTES);
  private final ByteBuffer target = CudaLayout.buffer(Integer.BYTES);
  private final ByteBuffer first = CudaLayout.buffer(Integer.BYTES);
  private final ByteBuffer end = CudaLayout.buffer(Integer.BYTES);
  private final ByteBuffer slots = CudaLayout.buffer(Long.BYTES);
  private final List<CudaDriver.Launch> microBatch = new ArrayList<>();
  private final List<CudaDriver.Launch> pack = new ArrayList<>();
  private final List<CudaDriver.Launch> unpack = new ArrayList<>();
  private final CudaDriver.Launch sumRanks;

  /** Allocates the slots and prepares the launches. */
  ShardTables(
      Launcher launcher,
      DeviceArrays arrays,
      List<ParameterGroup> groups,
      ShardPlan plan,
      int rank,
      int microBatches) {
    this.plan = plan;
    this.rank = rank;
    this.microBatches = microBatches;
    boolean halves =
        groups.stream().flatMap(g -> g.parameters().stream()).allMatch(Parameter::hasMaster);
    weightBytes = halves ? CudaLayout.SLOT / 2 : CudaLayout.SLOT;
    levelBytes = (long) plan.ranks() * plan.tilesPerRank() * CudaLayout.SLOT;
    int keptLevels = Math.max(1, PairwiseTree.keptLevels(microBatches));
    kept = arrays.allocateZeros(levelBytes * keptLevels, Purpose.SUMMED_GRADIENTS, "all groups");
    received =
        plan.ranks() == 1 ? 0 : arrays.allocateZeros(levelBytes, Purpose.RECEIVED, "all groups");
    ByteBuffer stride = CudaLayout.argument(levelBytes);
    ByteBuffer slotBytes = argument(weightBytes);
    for (ParameterGroup group : groups) {
      WholeArrays whole = new WholeArrays(launcher.driver(), launcher.stream(), arrays, group);
      wholes.add(whole);
      int tiles = whole.tileCount();
      ByteBuffer table = whole.table();
      microBatch.add(
          launcher.prepare(
              LaunchPolicy.MICRO_BATCH, tiles, table, keptArgument, stride, levels, target));
      pack.add(
          launcher.prepare(LaunchPolicy.PACK_WEIGHTS, tiles, table, first, end, slots, slotBytes));
      unpack.add(
          launcher.prepare(
              LaunchPolicy.UNPACK_WEIGHTS, tiles, table, first, end, slots, slotBytes));
    }
    sumRanks =
        launcher.prepare(
            LaunchPolicy.SUM_RANKS,
            plan.tilesPerRank(),
            CudaLayout.argument(received),
            CudaLayout.argument(plan.tilesPerRank() * (long) CudaLayout.SLOT),
            argument(plan.ranks()),
            argument(plan.tileCount(rank)));
  }

  private static ByteBuffer argument(int value) {
    return CudaLayout.buffer(Integer.BYTES).putInt(0, value);
  }

  boolean sumsMicroBatches() {
    return microBatches > 1;
  }

  /** Enqueues adding the caller's gradients to the kept sums. */
  void addMicroBatch(int index, CudaStream on) {
    levels.putInt(0, PairwiseTree.levels(index, microBatches));
    target.putInt(0, PairwiseTree.target(index, microBatches));
    for (int g = 0; g < wholes.size(); g++) {
      keptArgument.putLong(0, kept + (long) plan.firstTileOf(g) * CudaLayout.SLOT);
      microBatch.get(g).enqueue(on);
    }
  }

  /** Enqueues summing the gradients of all ranks, for the tiles of this one. */
  void sumRanks(RankTransport transport, CudaStream on) {
    if (microBatches == 1) {
      addMicroBatch(0, on);
    }
    transport.allToAll(kept, received, plan.tilesPerRank() * (long) CudaLayout.SLOT, on);
    sumRanks.enqueue(on);
  }

  /** The address of a tile's summed gradients, for a tile of this rank. */
  long gradients(int tile) {
    return plan.ranks() == 1
        ? kept + (long) tile * CudaLayout.SLOT
        : received + (long) (tile - plan.firstTile(rank)) * CudaLayout.SLOT;
  }

  /** Enqueues giving all ranks the weights that each has updated. */
  void gatherWeights(RankTransport transport, CudaStream on) {
    long bytes = (long) plan.tilesPerRank() * weightBytes;
    pack(plan.firstTile(rank), plan.firstTile(rank + 1), on);
    transport.allGather(kept + rank * bytes, received, bytes, on);
    unpack(received, plan.firstTile(rank), plan.firstTile(rank + 1), on);
  }

  /** Gives all ranks the weights of the first. */
  void broadcastWeights(RankTransport transport, CudaStream on) {
    if (rank == 0) {
      pack(0, plan.tileCount(), on);
    }
    transport.broadcast(kept, (long) plan.tileCount() * weightBytes, 0, on);
    if (rank != 0) {
      unpack(kept, 0, 0, on);
    }
  }

  private void pack(int from, int to, CudaStream on) {
    for (int g = 0; g < wholes.size(); g++) {
      setTiles(g, from, to, kept);
      pack.get(g).enqueue(on);
    }
  }

  private void unpack(long source, int ownFrom, int ownTo, CudaStream on) {
    for (int g = 0; g < wholes.size(); g++) {
      setTiles(g, ownFrom, ownTo, source);
      unpack.get(g).enqueue(on);
    }
  }

  /** Sets a range of tiles as its part in a group, and the slots as those of the group. */
  private void setTiles(int group, int from, int to, long allSlots) {
    int groupFirst = plan.firstTileOf(group);
    int tiles = wholes.get(group).tileCount();
    first.putInt(0, Math.max(0, Math.min(from - groupFirst, tiles)));
    end.putInt(0, Math.max(0, Math.min(to - groupFirst, tiles)));
    slots.putLong(0, allSlots + (long) groupFirst * weightBytes);
  }
}
