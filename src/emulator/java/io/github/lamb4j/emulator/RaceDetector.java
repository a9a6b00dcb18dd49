package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.Messages.Message;
import java.util.Arrays;

/**
 * Detects data races: two accesses of different threads to the same word, at least one of them a
 * write and at least one of them weak, that are not ordered by a barrier or by a release and an
 * acquire. Each word keeps its last write and its last reads. A thread's {@link Knowledge} tells
 * which accesses happened before its next one.
 *
 * <p>Time is a single counter that advances at every barrier and every release. Launches are
 * ordered, so accesses of earlier launches never race.
 *
 * <p>A recorded access is a long: the accessor (22 bits), the time (24 bits), the instruction (14
 * bits), whether the accessor is a thread, a warp, a block or several blocks (2 bits), and the
 * strength (2 bits).
 */
final class RaceDetector {

  /** The scope in which an access is strong, in the sense of the PTX memory model. */
  static final int WEAK = 0;

  static final int BLOCK_SCOPE = 1;
  static final int DEVICE_SCOPE = 2;

  private static final int THREAD = 0;
  private static final int WARP = 1;
  private static final int BLOCK = 2;
  private static final int SEVERAL = 3;
  private static final int LAST_TIME = (1 << 24) - 2;
  private static final int MOST_THREADS = 1 << 22;
  private static final int LAST_PC = (1 << 14) - 1;

  /**
   * Whether a weak store of the value that the memory already holds is not taken as a write.
   * Kernels whose threads all set the same flag are races to PTX, but work.
   */
  boolean ignoresEqualStores;

  /**
   * Whether a weak load of at most 8 bytes is taken as strong if it races with atomic operations.
   * Loops around {@code atomicCAS} begin with one: a race to PTX, but a GPU loads all its bytes at
   * once, and the loop corrects an old value.
   */
  boolean ignoresWeakReadsOfAtomics;

  private final Messages messages = new Messages();

  private int time = 1;
  private int launchStart = 1;

  /** The time of the last fence.sc whose scope is not the block. */
  private int lastFence;

  private int blocks;
  private int threadsPerBlock;
  private int warpsPerBlock;

  /** Starts a launch. Returns true if time was reset and every page must forget its accesses. */
  boolean start(long blocks, int threadsPerBlock) {
    if (blocks * threadsPerBlock > MOST_THREADS) {
      throw new EmulatorException(
          "launch of %d blocks of %d threads: too many threads for the race detector"
              .formatted(blocks, threadsPerBlock));
    }
    this.blocks = (int) blocks;
    this.threadsPerBlock = threadsPerBlock;
    this.warpsPerBlock = (threadsPerBlock + 31) / 32;
    messages.clear();
    boolean anew = time > LAST_TIME / 2;
    time = anew ? 1 : time + 1;
    launchStart = time;
    lastFence = 0;
    return anew;
  }

  int time() {
    return time;
  }

  private int tick() {
    if (time == LAST_TIME) throw new EmulatorException("too many barriers in one launch");
    return ++time;
  }

  // --- Accesses --------------------------------------------------------------------------------

  void read(Page page, int at, int bytes, Warp warp, int lane, int strength, long address) {
    if (page.writes == null || bytes < 1 << page.wordShift) page.trackRaces(bytes);
    int thread = warp.firstThread + lane;
    for (int word = at >> page.wordShift; word <= at + bytes - 1 >> page.wordShift; word++) {
      long write = page.writes[word];
      if (isRecent(write) && who(write) != thread && !bothStrong(write, strength, warp)) {
        if (!happenedBefore(write, page, word, warp, lane)) {
          boolean ofAtomic = isWeakReadOfAtomic(warp.instruction, instruction(write, warp));
          if (!ofAtomic || !ignoresWeakReadsOfAtomics) {
            throw race(warp, lane, address, "reads", write, "wrote", ofAtomic);
          }
        }
      }
      long read = page.reads[word];
      long now = access(thread, THREAD, strength, warp);
      if (!isRecent(read) || kind(read) == THREAD && who(read) == thread) page.reads[word] = now;
      else addReader(page, word, read, warp, lane, strength, now);
    }
  }

  private void addReader(
      Page page, int word, long read, Warp warp, int lane, int strength, long now) {
    // Strong reads race with weak writes only, so the last one is enough.
    if (strength != WEAK && strength(read) == WEAK) return;
    if (strength(read) != WEAK || happenedBefore(read, page, word, warp, lane)) {
      page.reads[word] = now;
      return;
    }
    int kind = kind(read);
    int who = who(read);
    int block = kind == THREAD ? who / threadsPerBlock : kind == WARP ? who / warpsPerBlock : who;
    int readerWarp = kind == THREAD ? block * warpsPerBlock + who % threadsPerBlock / 32 : who;
    int mine = warp.block.index;
    if (kind == SEVERAL) {
      page.readers[word][mine] = time;
    } else if (block != mine) {
      if (page.readers.length == 0) page.readers = new int[page.reads.length][];
      int[] times = page.readers[word];
      if (times == null || times.length != blocks) times = page.readers[word] = new int[blocks];
      else Arrays.fill(times, 0);
      times[block] = when(read);
      times[mine] = time;
      page.reads[word] = access(0, SEVERAL, WEAK, warp);
    } else if (kind != BLOCK && readerWarp == warp.number) {
      page.reads[word] = access(warp.number, WARP, WEAK, warp);
    } else {
      page.reads[word] = access(mine, BLOCK, WEAK, warp);
    }
  }

  /** Whether any of these bytes was written in the current launch. */
  boolean isWritten(Page page, int at, int bytes) {
    if (page.writes == null) return false;
    for (int word = at >> page.wordShift; word <= at + bytes - 1 >> page.wordShift; word++) {
      if (isRecent(page.writes[word])) return true;
    }
    return false;
  }

  void write(Page page, int at, int bytes, Warp warp, int lane, int strength, long address) {
    if (page.writes == null || bytes < 1 << page.wordShift) page.trackRaces(bytes);
    int thread = warp.firstThread + lane;
    for (int word = at >> page.wordShift; word <= at + bytes - 1 >> page.wordShift; word++) {
      long write = page.writes[word];
      if (isRecent(write) && who(write) != thread && !bothStrong(write, strength, warp)) {
        if (!happenedBefore(write, page, word, warp, lane)) {
          throw race(warp, lane, address, "writes", write, "wrote", false);
        }
      }
      long read = page.reads[word];
      if (isRecent(read) && !(kind(read) == THREAD && who(read) == thread)) {
        if (!bothStrong(read, strength, warp)) {
          if (happenedBefore(read, page, word, warp, lane)) {
            page.reads[word] = 0;
          } else {
            // An ignored read stays: a later weak store may still race with it.
            boolean ofAtomic = isWeakReadOfAtomic(instruction(read, warp), warp.instruction);
            if (!ofAtomic || !ignoresWeakReadsOfAtomics) {
              throw race(warp, lane, address, "writes", read, "read", ofAtomic);
            }
          }
        }
      }
      page.writes[word] = access(thread, THREAD, strength, warp);
    }
  }

  private boolean bothStrong(long access, int strength, Warp warp) {
    if (strength == WEAK || strength(access) == WEAK) return false;
    return strength == DEVICE_SCOPE && strength(access) == DEVICE_SCOPE
        || kind(access) == THREAD && who(access) / threadsPerBlock == warp.block.index;
  }

  private static boolean isWeakReadOfAtomic(Instruction read, Instruction write) {
    if (read == null || write == null) return false;
    return read.operation() instanceof MemoryInstructions.Load load
        && load.isWeakWord()
        && write.operation() instanceof AtomicInstructions.Atomic atomic
        && atomic.isOfDevice();
  }

  /** The instruction of an access, or null if it was not recorded. */
  private static Instruction instruction(long access, Warp warp) {
    int pc = (int) (access >>> 4) & LAST_PC;
    return pc == LAST_PC ? null : warp.block.grid.kernel.code[pc];
  }

  private boolean happenedBefore(long access, Page page, int word, Warp warp, int lane) {
    int who = who(access);
    int when = when(access);
    Knowledge known = warp.block.known[warp.firstInBlock + lane];
    switch (kind(access)) {
      case THREAD:
        {
          int block = who / threadsPerBlock;
          if (block == warp.block.index && when < warp.block.barrierTime) return true;
          int inBlock = who % threadsPerBlock;
          return when < known.of(Knowledge.block(block))
              || when < known.of(Knowledge.warp(block * warpsPerBlock + inBlock / 32))
              || when < known.of(Knowledge.thread(who));
        }
      case WARP:
        return isBlockKnown(who / warpsPerBlock, when, warp, known)
            || when < known.of(Knowledge.warp(who));
      case BLOCK:
        return isBlockKnown(who, when, warp, known);
      default:
        int[] times = page.readers[word];
        for (int block = 0; block < times.length; block++) {
          if (times[block] != 0 && !isBlockKnown(block, times[block], warp, known)) return false;
        }
        return true;
    }
  }

  private boolean isBlockKnown(int block, int when, Warp warp, Knowledge known) {
    return block == warp.block.index && when < warp.block.barrierTime
        || when < known.of(Knowledge.block(block));
  }

  private EmulatorException race(
      Warp warp, int lane, long address, String does, long other, String did, boolean ofAtomic) {
    int who = who(other);
    Grid grid = warp.block.grid;
    String where =
        switch (kind(other)) {
          case THREAD ->
              "block %s, thread %s"
                  .formatted(
                      grid.gridShape.name(who / threadsPerBlock),
                      grid.blockShape.name(who % threadsPerBlock));
          case WARP ->
              "block %s, warp %d"
                  .formatted(grid.gridShape.name(who / warpsPerBlock), who % warpsPerBlock);
          case BLOCK -> "block " + grid.gridShape.name(who);
          default -> "several blocks";
        };
    Instruction instruction = instruction(other, warp);
    String line = instruction == null ? "?" : "" + instruction.line();
    String remedy =
        ofAtomic
            ? "; read what atomic operations change through a volatile pointer,"
                + " or accept such reads with allowWeakReadsOfAtomics(true)"
            : "";
    return warp.fault(
        lane,
        "race: %s 0x%x (%s), which %s %s at PTX line %s; nothing orders the two accesses%s"
            .formatted(does, address, warp.describe(address), where, did, line, remedy));
  }

  private long access(int who, int kind, int strength, Warp warp) {
    long pc = Math.min(warp.pc, LAST_PC);
    return (long) who << 42 | (long) time << 18 | pc << 4 | (long) kind << 2 | strength;
  }

  private boolean isRecent(long access) {
    return access != 0 && when(access) >= launchStart;
  }

  private static int who(long access) {
    return (int) (access >>> 42);
  }

  private static int when(long access) {
    return (int) (access >>> 18) & (1 << 24) - 1;
  }

  private static int kind(long access) {
    return (int) (access >>> 2) & 3;
  }

  private static int strength(long access) {
    return (int) access & 3;
  }

  // --- Order -----------------------------------------------------------------------------------

  /** Orders all threads of a block at a barrier. */
  void barrier(Block block) {
    Knowledge all = Knowledge.NONE;
    Knowledge last = null;
    for (Knowledge known : block.known) {
      if (known != last) all = all.join(known);
      last = known;
    }
    block.barrierTime = tick();
    all = all.with(Knowledge.block(block.index), time);
    Arrays.fill(block.known, all);
  }

  /**
   * Orders some threads of a block at a barrier.
   *
   * @param lanes the waiting lanes, by warp
   * @param published the knowledge of threads that arrived without waiting
   */
  void barrier(Block block, int[] lanes, Knowledge published) {
    Knowledge all = published;
    int now = tick();
    for (Warp warp : block.warps) {
      int met = lanes[warp.index];
      for (int rest = met; rest != 0; rest &= rest - 1) {
        int lane = Integer.numberOfTrailingZeros(rest);
        all = all.join(block.known[warp.firstInBlock + lane]);
        if (met != warp.allLanes) all = all.with(Knowledge.thread(warp.firstThread + lane), now);
      }
      if (met == warp.allLanes) all = all.with(Knowledge.warp(warp.number), now);
    }
    for (Warp warp : block.warps) {
      for (int rest = lanes[warp.index]; rest != 0; rest &= rest - 1) {
        block.known[warp.firstInBlock + Integer.numberOfTrailingZeros(rest)] = all;
      }
    }
  }

  /**
   * A fence: earlier reads become acquires, and later writes become releases.
   *
   * @param total whether it is one of the fences between which there is a total order
   */
  void fence(Warp warp, int lane, boolean blockOnly, boolean total) {
    Block block = warp.block;
    int thread = warp.firstInBlock + lane;
    // A fence of the block's scope acquires only from threads of the block.
    Knowledge pending = blockOnly ? block.pendingOfBlock[thread] : block.pending[thread];
    if (pending != null) block.known[thread] = block.known[thread].join(pending);
    block.pendingOfBlock[thread] = null;
    if (!blockOnly) block.pending[thread] = null;
    // Only what it makes visible: taking it as an order would hide races in other schedules.
    if (total && lastFence > launchStart) {
      block.known[thread] = block.known[thread].with(Knowledge.MEMORY, lastFence);
    }
    block.fenced[thread] = released(warp, lane);
    if (total) lastFence = time;
    block.fencedForBlock[thread] = blockOnly;
  }

  /** Returns a thread's knowledge including its own accesses, and advances the time. */
  Knowledge released(Warp warp, int lane) {
    int now = tick();
    return warp.block
        .known[warp.firstInBlock + lane]
        .with(Knowledge.thread(warp.firstThread + lane), now)
        .with(Knowledge.MEMORY, now);
  }

  /**
   * Records a strong read of a location.
   *
   * @param acquires whether it acquires by itself, without a fence after it
   */
  void observe(Warp warp, int lane, long location, int strength, boolean acquires) {
    observe(warp, lane, messages.get(location), strength, acquires);
  }

  /** What a strong read of a location learns; null for nothing. */
  Message message(long location) {
    return messages.get(location);
  }

  /** Records a strong read of a store that published this message. */
  void observe(Warp warp, int lane, Message message, int strength, boolean acquires) {
    if (message == null) return;
    Block block = warp.block;
    boolean blockOnly = message.blockOnly() || strength == BLOCK_SCOPE;
    if (blockOnly && message.block() != block.index) return;
    int thread = warp.firstInBlock + lane;
    if (acquires) {
      block.known[thread] = block.known[thread].join(message.knowledge());
    } else {
      add(block.pending, thread, message.knowledge());
      if (message.block() == block.index) add(block.pendingOfBlock, thread, message.knowledge());
    }
  }

  private static void add(Knowledge[] all, int thread, Knowledge more) {
    all[thread] = all[thread] == null ? more : all[thread].join(more);
  }

  /**
   * Records a read-modify-write of a location, which continues a release sequence.
   *
   * @param releases whether it releases by itself, without a fence before it
   */
  void publishUpdate(Warp warp, int lane, long location, int strength, boolean releases) {
    Message message = newMessage(warp, lane, strength, releases);
    Message before = messages.get(location);
    if (before == null) {
      place(location, message);
    } else if (message != null) {
      Knowledge both = before.knowledge().join(message.knowledge());
      boolean forBlock = before.blockOnly() || message.blockOnly();
      messages.put(location, new Message(both, message.block(), forBlock));
    }
  }

  /** What a strong write publishes; null for nothing. */
  Message newMessage(Warp warp, int lane, int strength, boolean releases) {
    Block block = warp.block;
    int thread = warp.firstInBlock + lane;
    Knowledge knowledge = releases ? released(warp, lane) : block.fenced[thread];
    if (knowledge == null) return null;
    boolean blockOnly = strength == BLOCK_SCOPE || !releases && block.fencedForBlock[thread];
    return new Message(knowledge, block.index, blockOnly);
  }

  /** Records that a write with this message, or null, is the last one of a location. */
  void place(long location, Message message) {
    if (message == null) unpublish(location);
    else messages.put(location, message);
  }

  /** Records a weak write of a location, which ends its release sequence. */
  void unpublish(long location) {
    messages.remove(location);
  }
}
