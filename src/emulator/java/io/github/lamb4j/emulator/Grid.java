package io.github.lamb4j.emulator;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** One launch: starts blocks as others end, and runs their warps in random order. */
final class Grid {

  /** Turns without progress after which the threads are taken to be spinning forever. */
  private static final int PATIENCE = 60_000;

  private static final int LONGEST_SLICE = 96;

  /** Keeps the stale loads of different seeds apart, although launches have consecutive seeds. */
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  /** Instructions after which a launch is taken to never end; they take about two minutes. */
  private static final long MOST_INSTRUCTIONS = 10_000_000_000L;

  final Kernel kernel;
  final Dimensions gridShape;
  final Dimensions blockShape;

  /** The number of blocks, and of threads per block. */
  final int blocks;

  final int threads;
  final int dynamicSharedBytes;
  final int multiprocessors;
  final Page parameters;
  final GlobalMemory memory;
  final RaceDetector races;
  long instructions;
  long atomics;

  private final int residentBlocks;
  private final SplittableRandom random;
  private final List<Warp> ready = new ArrayList<>();
  private final TreeMap<Integer, Block> running = new TreeMap<>();

  /** Decides which loads return stale values; null with the sequential memory model. */
  final SplittableRandom staleness;

  private int nextBlock;
  private int resident;
  private int idleTurns;

  Grid(
      Kernel kernel,
      Dimensions gridShape,
      Dimensions blockShape,
      int dynamicSharedBytes,
      int multiprocessors,
      int residentBlocks,
      Page parameters,
      GlobalMemory memory,
      RaceDetector races,
      long seed,
      MemoryModel memoryModel) {
    this.kernel = kernel;
    this.gridShape = gridShape;
    this.blockShape = blockShape;
    this.blocks = (int) gridShape.count();
    this.threads = (int) blockShape.count();
    this.dynamicSharedBytes = dynamicSharedBytes;
    this.multiprocessors = multiprocessors;
    this.residentBlocks = residentBlocks;
    this.parameters = parameters;
    this.memory = memory;
    this.races = races;
    this.random = new SplittableRandom(seed);
    // Of its own, so that the seed gives the same schedule with both memory models.
    this.staleness =
        memoryModel.weak() ? new SplittableRandom(~seed + GOLDEN * memoryModel.seed()) : null;
  }

  /** Records a change that another thread may be waiting for. */
  void progress() {
    idleTurns = 0;
  }

  void wake(Warp warp) {
    if (warp.queued) return;
    warp.queued = true;
    ready.add(warp);
  }

  /** The time on the emulated clock. */
  long nanoseconds() {
    return instructions;
  }

  void run() {
    while (true) {
      while (resident < residentBlocks && nextBlock < blocks) start();
      if (resident == 0) break;
      if (ready.isEmpty()) throw deadlock("no thread can proceed");
      if (idleTurns++ > PATIENCE) throw deadlock("threads spin and nothing changes");
      if (instructions > MOST_INSTRUCTIONS) throw deadlock("it does not end");
      turn(random.nextInt(ready.size()));
    }
  }

  private void start() {
    Block block = new Block(this, nextBlock++, random.nextInt(multiprocessors));
    running.put(block.index, block);
    for (Warp warp : block.warps) wake(warp);
    resident++;
    progress();
  }

  private void turn(int at) {
    Warp warp = ready.get(at);
    // Sometimes run a group other than the one at the lowest instruction, so that none starves.
    int first = random.nextInt(4) == 0 ? random.nextInt(Warp.LANES) : -1;
    try {
      warp.run(1 + random.nextInt(LONGEST_SLICE), first);
    } catch (ArithmeticException | IndexOutOfBoundsException e) {
      throw new EmulatorException(warp.fault(0, "" + e).getMessage(), e);
    }
    if (warp.isRunnable()) return;
    int last = ready.size() - 1;
    ready.set(at, ready.get(last));
    ready.remove(last);
    warp.queued = false;
    if (warp.block.isDone() && running.remove(warp.block.index) != null) resident--;
  }

  private EmulatorException deadlock(String how) {
    StringBuilder message = new StringBuilder("deadlock in kernel " + kernel.name + ": " + how);
    TreeMap<Integer, Integer> standing = new TreeMap<>();
    for (Block block : running.values()) {
      for (Warp warp : block.warps) {
        for (int rest = warp.live; rest != 0; rest &= rest - 1) {
          standing.merge(warp.pcOf(Integer.numberOfTrailingZeros(rest)), 1, Integer::sum);
        }
      }
    }
    standing.forEach(
        (pc, count) ->
            message.append(
                "; %d threads at PTX line %d (%s)"
                    .formatted(count, kernel.code[pc].line(), kernel.code[pc].text())));
    message.append("; %d of %d blocks have not started".formatted(blocks - nextBlock, blocks));
    return new EmulatorException(message.toString());
  }
}
