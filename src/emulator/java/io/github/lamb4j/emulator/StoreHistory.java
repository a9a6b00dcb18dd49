package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.Messages.Message;
import java.util.SplittableRandom;

/**
 * The strong stores of one launch to an 8-byte word of global memory. With the weak memory model, a
 * strong load of another block may return an older value than the last one, as the PTX memory model
 * allows: the effect of stores that become visible late and out of order, and of loads that are
 * executed early.
 *
 * <p>Modeled:
 *
 * <ul>
 *   <li>A strong load returns a random value of the word, but none that is older than a value that
 *       the block has stored or loaded before. So each location is coherent. A load that is
 *       repeated returns the last value in finite time.
 *   <li>A load that is ordered after a store by a release and an acquire, or by two {@code
 *       fence.sc}, returns that store's value or a newer one. An acquire makes everything visible
 *       that was visible to any block at the time of the release, which is more than PTX promises.
 *   <li>The elements of a vector are loads of their own, in any order. An element is never torn.
 *   <li>An atomic operation acts on the last value. Without release semantics it orders nothing.
 * </ul>
 *
 * <p>Weak stores are visible at once, because the race detector covers them: a load of another
 * block that is not ordered after a weak store is an error, whatever its value.
 *
 * <p>Not modeled, although PTX allows it: different values for threads of one block; stores that
 * are executed before an earlier load, or that take effect in another order than they are executed
 * in; stale values in shared memory. A program that is correct under PTX never fails because of
 * stale values; one that passes may still be wrong.
 */
final class StoreHistory {

  static final int WORD = 8;

  /** The number of values kept, which limits how far a block can lag behind. */
  private static final int KEPT = 8;

  /** One in this many loads of a block returns the last value. */
  private static final int[] PACES = {2, 16, 128};

  /**
   * A value of the word.
   *
   * @param time the race detector's time of the store
   * @param defined a bit for each initialized byte
   * @param low what an acquire learns that reads the first half; null for nothing
   * @param high the same for the second half
   */
  record Version(int time, long value, int defined, Message low, Message high) {

    boolean isDefined(int from, int bytes) {
      int all = (1 << bytes) - 1;
      return (defined >>> from & all) == all;
    }

    long get(int from, int bytes) {
      long shifted = value >>> 8 * from;
      return bytes == WORD ? shifted : shifted & (1L << 8 * bytes) - 1;
    }

    Message message(int from) {
      return from < WORD / 2 ? low : high;
    }
  }

  private final Grid grid;

  /** Version i is at i % KEPT. Version 0 is the value before the first strong store. */
  private final Version[] versions = new Version[KEPT];

  private int count;

  /** The newest version that each block has stored or loaded. */
  private final int[] seen;

  private StoreHistory(Grid grid) {
    this.grid = grid;
    seen = new int[grid.blocks];
  }

  /** How many loads of a block return the last value: one in this many. */
  static int pace(SplittableRandom random) {
    return PACES[random.nextInt(PACES.length)];
  }

  /** The offset in its word of an offset in a page. */
  static int inWord(int at) {
    return at & WORD - 1;
  }

  /** The history of the word at an offset; null if this launch has not stored strongly to it. */
  static StoreHistory of(Page page, int at, Grid grid) {
    StoreHistory history = page.histories == null ? null : page.histories[at / WORD];
    return history == null || history.grid != grid ? null : history;
  }

  /** To be called before a strong store or an atomic operation, and {@link #add} after it. */
  static StoreHistory start(Page page, int at, Grid grid) {
    StoreHistory history = of(page, at, grid);
    if (history == null) {
      history = new StoreHistory(grid);
      history.append(page, at, 0, null, null);
      if (page.histories == null) page.histories = new StoreHistory[page.size() / WORD];
      page.histories[at / WORD] = history;
    }
    return history;
  }

  /** Makes weakly stored bytes visible to all blocks. */
  static void forget(Page page, int at, int bytes) {
    if (page.histories == null) return;
    for (int word = at / WORD; word <= (at + bytes - 1) / WORD; word++) page.histories[word] = null;
  }

  /** Adds the value in memory after a store by a thread of this block. */
  void add(Page page, int at, int bytes, Block block, Message message) {
    Version last = version(count - 1);
    boolean low = inWord(at) < WORD / 2;
    boolean high = inWord(at) + bytes > WORD / 2;
    append(page, at, grid.races.time(), low ? message : last.low, high ? message : last.high);
    seen[block.index] = count - 1;
  }

  private void append(Page page, int at, int time, Message low, Message high) {
    int start = at & -WORD;
    int defined = 0;
    for (int i = 0; i < WORD; i++) if (page.isDefined(start + i, 1)) defined |= 1 << i;
    versions[count++ % KEPT] = new Version(time, page.get(start, WORD), defined, low, high);
  }

  private Version version(int number) {
    return versions[number % KEPT];
  }

  /**
   * The value that a strong load returns.
   *
   * @param visible stores before this time are visible to the thread
   */
  Version load(Block block, int visible) {
    int newest = count - 1;
    int oldest = Math.max(seen[block.index], Math.max(0, count - KEPT));
    for (int i = newest; i > oldest; i--) if (version(i).time < visible) oldest = i;
    int chosen = newest;
    if (oldest < newest && grid.staleness.nextInt(block.pace) != 0) {
      chosen = oldest + grid.staleness.nextInt(newest - oldest);
    }
    seen[block.index] = chosen;
    return version(chosen);
  }
}
