package io.github.lamb4j.emulator;

import java.util.Arrays;

/** A block of threads: its warps, its shared and local memory, its barriers. */
final class Block {

  private static final int BARRIERS = 16;

  /** The threads that have arrived at a barrier. */
  private static final class Barrier {
    int arrived;
    long expected;

    /** Arrived lanes by warp. */
    final int[] lanes;

    final int[] waiting;

    /** The knowledge of threads that arrived without waiting. */
    Knowledge published = Knowledge.NONE;

    boolean allWait = true;
    int line;

    Barrier(int warps) {
      lanes = new int[warps];
      waiting = new int[warps];
    }
  }

  final Grid grid;
  final int index;
  final int multiprocessor;
  final Warp[] warps;
  final Page shared;
  final Page local;

  /** One in this many of its strong loads returns the last value; see StoreHistory. */
  final int pace;

  /** The race detector's state of each thread. */
  final Knowledge[] known;

  final Knowledge[] pending;
  final Knowledge[] pendingOfBlock;
  final Knowledge[] fenced;
  final boolean[] fencedForBlock;
  int barrierTime;

  /** The votes of {@code bar.red} so far, by barrier. */
  final int[] votes = new int[BARRIERS];

  final int[] voters = new int[BARRIERS];

  private final Barrier[] barriers = new Barrier[BARRIERS];
  private int exited;

  Block(Grid grid, int index, int multiprocessor) {
    this.grid = grid;
    this.index = index;
    this.multiprocessor = multiprocessor;
    this.pace = grid.staleness == null ? 1 : StoreHistory.pace(grid.staleness);
    Kernel kernel = grid.kernel;
    int threads = grid.threads;
    warps = new Warp[(threads + Warp.LANES - 1) / Warp.LANES];
    for (int w = 0; w < warps.length; w++) {
      warps[w] = new Warp(this, w, Math.min(Warp.LANES, threads - w * Warp.LANES));
    }
    shared = new Page(kernel.dynamicShared + grid.dynamicSharedBytes);
    shared.mark(0, kernel.dynamicShared, Page.FORBIDDEN);
    for (Kernel.SharedVariable variable : kernel.shared) {
      shared.mark(variable.offset(), variable.bytes(), Page.UNDEFINED);
    }
    local = kernel.localBytes == 0 ? null : new Page(kernel.localBytes * threads);
    known = new Knowledge[threads];
    Arrays.fill(known, Knowledge.NONE);
    pending = new Knowledge[threads];
    pendingOfBlock = new Knowledge[threads];
    fenced = new Knowledge[threads];
    fencedForBlock = new boolean[threads];
  }

  boolean isDone() {
    return exited == grid.threads;
  }

  void exit(Warp warp, int lanes) {
    if (lanes == 0) return;
    for (Barrier barrier : barriers) {
      if (barrier != null && barrier.arrived > 0 && barrier.expected < 0) {
        throw warp.fault(
            Integer.numberOfTrailingZeros(lanes),
            "divergent barrier: exits while others wait at PTX line " + barrier.line);
      }
    }
    exited += Integer.bitCount(lanes);
    grid.progress();
  }

  /**
   * Threads arrive at a barrier.
   *
   * @param expected the number of threads that complete the barrier, or -1 for all
   */
  void arrive(Warp warp, int lanes, long id, long expected, boolean waits) {
    int lane = Integer.numberOfTrailingZeros(lanes);
    if (id < 0 || id >= BARRIERS)
      throw warp.fault(
          lane,
          "barrier %d does not exist; barriers are numbered 0 to %d".formatted(id, BARRIERS - 1));
    if (expected >= 0 && (expected == 0 || expected % Warp.LANES != 0)) {
      throw warp.fault(
          lane, "barrier of %d threads: not a multiple of %d".formatted(expected, Warp.LANES));
    }
    if (expected < 0 && exited > 0) {
      throw warp.fault(
          lane, "divergent barrier: %d threads of the block have exited".formatted(exited));
    }
    Barrier barrier = barriers[(int) id];
    if (barrier == null) barrier = barriers[(int) id] = new Barrier(warps.length);
    if (barrier.arrived > 0 && barrier.expected != expected) {
      throw warp.fault(lane, "divergent barrier: others expect a different number of threads");
    }
    if ((barrier.lanes[warp.index] & lanes) != 0) {
      throw warp.fault(lane, "divergent barrier: arrives twice before the others arrive");
    }
    barrier.expected = expected;
    barrier.arrived += Integer.bitCount(lanes);
    barrier.lanes[warp.index] |= lanes;
    if (waits) {
      barrier.waiting[warp.index] |= lanes;
    } else {
      barrier.allWait = false;
      for (int rest = lanes; rest != 0; rest &= rest - 1) {
        int arriving = Integer.numberOfTrailingZeros(rest);
        barrier.published = barrier.published.join(grid.races.released(warp, arriving));
      }
    }
    barrier.line = warp.instruction.line();
    long all = expected < 0 ? grid.threads : expected;
    if (barrier.arrived > all) throw warp.fault(lane, "divergent barrier: too many threads");
    if (barrier.arrived == all) complete(barrier, (int) id, warp);
  }

  private void complete(Barrier barrier, int id, Warp last) {
    barriers[id] = null;
    voters[id] = barrier.arrived;
    if (barrier.arrived == grid.threads && barrier.allWait) grid.races.barrier(this);
    else grid.races.barrier(this, barrier.waiting, barrier.published);
    for (Warp warp : warps) {
      int waiting = barrier.waiting[warp.index];
      if (waiting == 0) continue;
      int first = Integer.numberOfTrailingZeros(waiting);
      for (int rest = waiting; rest != 0; rest &= rest - 1) {
        int lane = Integer.numberOfTrailingZeros(rest);
        if (warp.pcOf(lane) != warp.pcOf(first)) {
          throw last.fault(
              Integer.numberOfTrailingZeros(last.allLanes),
              "divergent barrier: threads %d and %d of one warp wait at PTX lines %d and %d"
                  .formatted(
                      warp.firstInBlock + first,
                      warp.firstInBlock + lane,
                      grid.kernel.code[warp.pcOf(first)].line(),
                      grid.kernel.code[warp.pcOf(lane)].line()));
        }
      }
      warp.release(waiting);
      grid.wake(warp);
    }
    votes[id] = 0;
    grid.progress();
  }
}
