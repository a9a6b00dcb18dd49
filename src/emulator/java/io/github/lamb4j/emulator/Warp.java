package io.github.lamb4j.emulator;

import java.util.Arrays;

/**
 * 32 threads that may diverge. Threads at the same instruction execute it together; of several
 * groups, the one at the lowest instruction usually runs first.
 */
final class Warp {

  static final int LANES = KernelBuilder.LANES;

  final Block block;

  /** Its index in its block, and in the launch. */
  final int index;

  final int number;

  /** The thread index of lane 0 in its block, and in the launch. */
  final int firstInBlock;

  final int firstThread;
  final int allLanes;
  final long[] registers;
  final int[] predicates;

  /** The carry flags of {@code add.cc} and similar instructions. */
  int carry;

  /** The current instruction. */
  int pc;

  Instruction instruction;

  /** Lanes that have not exited, that wait at a barrier, and that wait for other lanes. */
  int live;

  int atBarrier;
  int atConvergence;

  /** Whether it is in the queue of runnable warps. */
  boolean queued;

  /** Pending asynchronous copies by lane; null if there never were any. */
  AsyncCopies[] copies;

  private final int[] pcs = new int[LANES];
  private int active;
  private boolean alone;
  private int nextGroup;

  Warp(Block block, int index, int threads) {
    Kernel kernel = block.grid.kernel;
    this.block = block;
    this.index = index;
    this.number = block.index * block.warps.length + index;
    this.firstInBlock = index * LANES;
    this.firstThread = block.index * block.grid.threads + firstInBlock;
    this.allLanes = threads >= LANES ? -1 : (1 << threads) - 1;
    this.live = allLanes;
    this.registers = kernel.registers.clone();
    this.predicates = kernel.predicates.clone();
    kernel.specials.forEach(
        (name, slot) -> {
          for (int l = 0; l < LANES; l++) registers[slot + l] = special(name, l);
        });
  }

  private long special(String name, int lane) {
    return switch (name) {
      case "%tid.x" -> block.grid.blockShape.xOf(firstInBlock + lane);
      case "%tid.y" -> block.grid.blockShape.yOf(firstInBlock + lane);
      case "%tid.z" -> block.grid.blockShape.zOf(firstInBlock + lane);
      case "%ntid.x" -> block.grid.blockShape.x();
      case "%ntid.y" -> block.grid.blockShape.y();
      case "%ntid.z" -> block.grid.blockShape.z();
      case "%ctaid.x" -> block.grid.gridShape.xOf(block.index);
      case "%ctaid.y" -> block.grid.gridShape.yOf(block.index);
      case "%ctaid.z" -> block.grid.gridShape.zOf(block.index);
      case "%nctaid.x" -> block.grid.gridShape.x();
      case "%nctaid.y" -> block.grid.gridShape.y();
      case "%nctaid.z" -> block.grid.gridShape.z();
      case "%gridid" -> 0;
      case "%laneid" -> lane;
      case "%warpid" -> index;
      case "%nwarpid" -> block.warps.length;
      case "%smid" -> block.multiprocessor;
      case "%nsmid" -> block.grid.multiprocessors;
      case "%lanemask_eq" -> 1L << lane;
      case "%lanemask_lt" -> (1L << lane) - 1;
      case "%lanemask_le" -> (2L << lane) - 1;
      case "%lanemask_gt" -> 0xffffffffL & -(2L << lane);
      case "%lanemask_ge" -> 0xffffffffL & -(1L << lane);
      case "%dynamic_smem_size" -> block.grid.dynamicSharedBytes;
      case "%total_smem_size" ->
          block.grid.dynamicSharedBytes + block.grid.kernel.staticSharedBytes;
      default -> throw new IllegalStateException(name);
    };
  }

  /** Whether any lane can proceed. */
  boolean isRunnable() {
    return (live & ~atBarrier & ~atConvergence) != 0;
  }

  /**
   * Runs up to {@code steps} instructions.
   *
   * @param first a lane whose group runs first, or -1 for the group at the lowest instruction
   */
  void run(int steps, int first) {
    Grid grid = block.grid;
    Instruction[] code = grid.kernel.code;
    boolean going = choose(first);
    while (going && steps-- > 0) {
      Instruction now = code[pc];
      instruction = now;
      grid.instructions += Integer.bitCount(active);
      int lanes = now.guard() < 0 ? active : active & (predicates[now.guard()] ^ now.guardFlip());
      switch (now.flow()) {
        case NEXT:
          if (lanes != 0) now.operation().run(this, lanes);
          pc++;
          if (pc >= nextGroup) going = regroup(first);
          continue;
        case BRANCH:
          if (lanes == active) {
            pc = now.targets()[0];
            if (!alone) going = regroup(first);
          } else {
            save(active & ~lanes, pc + 1);
            save(lanes, now.targets()[0]);
            going = choose(first);
          }
          continue;
        case INDEXED_BRANCH:
          save(active & ~lanes, pc + 1);
          for (int rest = lanes; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long target = registers[now.slot() + lane];
            if (target >= now.targets().length)
              throw fault(
                  lane, "branch index %d: not in [0, %d)".formatted(target, now.targets().length));
            pcs[lane] = now.targets()[(int) target];
          }
          break;
        case EXIT:
          save(active & ~lanes, pc + 1);
          live &= ~lanes;
          block.exit(this, lanes);
          break;
        case BARRIER:
        case ARRIVE:
          save(active & ~lanes, pc + 1);
          if (lanes != 0) arrive(now, lanes);
          break;
        case CONVERGE:
          save(active & ~lanes, pc + 1);
          if (lanes != 0) converge(now, lanes);
          break;
        case YIELD:
          steps = 0;
          if (lanes != 0) now.operation().run(this, lanes);
          save(active, pc + 1);
          break;
      }
      going = choose(first);
    }
    if (going) save(active, pc);
  }

  private void arrive(Instruction now, int lanes) {
    now.operation().run(this, lanes);
    boolean waits = now.flow() == Instruction.Flow.BARRIER;
    save(lanes, waits ? pc : pc + 1);
    if (waits) atBarrier |= lanes;
    for (int rest = lanes; rest != 0; ) {
      int lane = Integer.numberOfTrailingZeros(rest);
      long id = registers[now.slot() + lane];
      long count = now.count() < 0 ? -1 : registers[now.count() + lane];
      int together = 0;
      for (int others = rest; others != 0; others &= others - 1) {
        int other = Integer.numberOfTrailingZeros(others);
        boolean same = registers[now.slot() + other] == id;
        if (same && (now.count() < 0 || registers[now.count() + other] == count)) {
          together |= 1 << other;
        }
      }
      rest &= ~together;
      block.arrive(this, together, id, count, waits);
    }
  }

  /** Lets lanes leave a completed barrier. */
  void release(int lanes) {
    for (int rest = lanes; rest != 0; rest &= rest - 1) {
      int lane = Integer.numberOfTrailingZeros(rest);
      block.grid.kernel.code[pcs[lane]].after().run(this, 1 << lane);
      pcs[lane]++;
    }
    atBarrier &= ~lanes;
  }

  private void converge(Instruction now, int lanes) {
    save(lanes, pc);
    atConvergence |= lanes;
    int here = 0;
    for (int rest = atConvergence; rest != 0; rest &= rest - 1) {
      int lane = Integer.numberOfTrailingZeros(rest);
      if (pcs[lane] == pc) here |= 1 << lane;
    }
    int ready = 0;
    for (int rest = here; rest != 0; rest &= rest - 1) {
      int lane = Integer.numberOfTrailingZeros(rest);
      int members = (int) registers[now.slot() + lane];
      if ((members >>> lane & 1) == 0) throw fault(lane, "the member mask does not name the lane");
      if ((members & ~live) != 0) {
        throw fault(lane, "the member mask names lanes that do not run: 0x%x".formatted(members));
      }
      if ((members & ~here) == 0) ready |= 1 << lane;
    }
    if (ready == 0) return;
    now.operation().run(this, ready);
    save(ready, pc + 1);
    atConvergence &= ~ready;
  }

  private void save(int lanes, int at) {
    if (lanes == -1) {
      Arrays.fill(pcs, at);
      return;
    }
    for (int rest = lanes; rest != 0; rest &= rest - 1) {
      pcs[Integer.numberOfTrailingZeros(rest)] = at;
    }
  }

  private boolean regroup(int first) {
    save(active, pc);
    return choose(first);
  }

  private boolean choose(int first) {
    int runnable = live & ~atBarrier & ~atConvergence;
    if (runnable == 0) return false;
    int lowest = Integer.MAX_VALUE;
    if (first >= 0 && (runnable >>> first & 1) != 0) {
      lowest = pcs[first];
    } else {
      for (int rest = runnable; rest != 0; rest &= rest - 1) {
        lowest = Math.min(lowest, pcs[Integer.numberOfTrailingZeros(rest)]);
      }
    }
    pc = lowest;
    active = 0;
    nextGroup = Integer.MAX_VALUE;
    for (int rest = runnable; rest != 0; rest &= rest - 1) {
      int lane = Integer.numberOfTrailingZeros(rest);
      if (pcs[lane] == pc) active |= 1 << lane;
      else if (pcs[lane] > pc) nextGroup = Math.min(nextGroup, pcs[lane]);
    }
    alone = active == runnable;
    return true;
  }

  int pcOf(int lane) {
    return pcs[lane];
  }

  // --- Messages --------------------------------------------------------------------------------

  EmulatorException fault(int lane, String what) {
    return new EmulatorException(
        "kernel %s, block %s, thread %s, PTX line %d (%s): %s"
            .formatted(
                block.grid.kernel.name,
                block.grid.gridShape.name(block.index),
                block.grid.blockShape.name(firstInBlock + lane),
                instruction.line(),
                instruction.text(),
                what));
  }

  /** Describes a generic address. */
  String describe(long address) {
    if (Access.isShared(address)) {
      return "byte %d of shared memory".formatted(address - Access.SHARED_WINDOW);
    }
    if (Access.isLocal(address)) return "local memory";
    return block.grid.memory.describe(address);
  }
}
