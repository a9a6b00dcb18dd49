package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.internal.sharding.ShardPlan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Buffers that carry tiles between ranks, a part of each rank's tiles at a time. A tile takes a
 * slot of {@link Tiling#TILE_ELEMENTS} floats, and each rank has as many slots.
 */
final class TileSlots {

  /** The size of a buffer, unless one slot for each rank needs more. */
  private static final int BUFFER_BYTES = 32 << 20;

  private static final int SLOT_BYTES = Tiling.TILE_ELEMENTS * Float.BYTES;

  /** Work on one tile. */
  interface Task {
    /**
     * Runs the work.
     *
     * @param place where the tile is
     * @param slot the index of the first element of its slot in the buffer
     */
    void run(ShardPlan.Place place, int slot, Span span);
  }

  private final ShardPlan plan;
  private final int perRank;
  private final ByteBuffer sent;
  private final ByteBuffer received;
  private final FloatBuffer sentFloats;
  private final FloatBuffer receivedFloats;

  /** The first of each rank's tiles in the current part. */
  private int part;

  TileSlots(ShardPlan plan) {
    this.plan = plan;
    int most = Math.max(1, BUFFER_BYTES / SLOT_BYTES / plan.ranks());
    int parts = (plan.tilesPerRank() + most - 1) / most;
    perRank = (plan.tilesPerRank() + parts - 1) / parts; // equal parts: empty slots travel too
    int bytes = Math.multiplyExact(plan.ranks() * SLOT_BYTES, perRank);
    sent = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    received = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    sentFloats = sent.asFloatBuffer();
    receivedFloats = received.asFloatBuffer();
  }

  /** Begins with the first part. */
  void begin() {
    part = 0;
  }

  /** Whether the current part has tiles. */
  boolean hasPart() {
    return part < plan.tilesPerRank();
  }

  void nextPart() {
    part += perRank;
  }

  /** A slot for each rank's tiles. */
  ByteBuffer sent() {
    return sent;
  }

  /** The slots of one rank. */
  ByteBuffer sentOfOne() {
    return sent.slice(0, perRank * SLOT_BYTES);
  }

  ByteBuffer received() {
    return received;
  }

  FloatBuffer sentFloats() {
    return sentFloats;
  }

  FloatBuffer receivedFloats() {
    return receivedFloats;
  }

  /** The distance between the slots of two ranks' tiles, in elements. */
  int rankStride() {
    return perRank * Tiling.TILE_ELEMENTS;
  }

  /** Runs a task for every rank's tiles of this part; slots lie in the order of ranks. */
  void forEachRank(Workers workers, Task task) {
    workers.forEach(
        plan.ranks() * perRank,
        (index, span) -> run(index / perRank, index % perRank, index, task, span));
  }

  /** Runs a task for one rank's tiles of this part; the first has slot 0. */
  void forRank(int rank, Workers workers, Task task) {
    workers.forEach(perRank, (index, span) -> run(rank, index, index, task, span));
  }

  private void run(int rank, int index, int slot, Task task, Span span) {
    if (part + index < plan.tileCount(rank)) {
      task.run(plan.place(plan.firstTile(rank) + part + index), slot * Tiling.TILE_ELEMENTS, span);
    }
  }
}
