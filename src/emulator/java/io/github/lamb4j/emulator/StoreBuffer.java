package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.RaceDetector.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The stores of one block that other blocks do not see yet. With a buffer per block, the emulator
 * shows behavior that the PTX memory model allows and sequential consistency does not.
 *
 * <p>Modeled:
 *
 * <ul>
 *   <li>A store to global memory, weak or strong, becomes visible to other blocks at a random later
 *       time. Stores to different 8-byte words become visible in any order. An element of a vector
 *       is a store of its own. Every store becomes visible in finite time, at the latest at the end
 *       of the launch.
 *   <li>Stores to the same 8-byte word become visible in the order in which they were executed, so
 *       each location is coherent. An element is never torn.
 *   <li>The threads of the block see its stores at once. So a barrier need not do anything.
 *   <li>A fence, an atomic with release semantics and a release store, unless their scope is the
 *       block, first make all of the block's earlier stores visible. PTX orders only those that the
 *       thread has made or observed. Stores of other blocks that it has observed are visible
 *       already, so releases are cumulative. A release store may itself be delayed.
 *   <li>An atomic operation acts on memory at once, after the block's earlier stores to the same
 *       8-byte word. Without release semantics it leaves all other stores delayed.
 * </ul>
 *
 * <p>Not modeled, although PTX allows it: loads and atomics that are executed late or early, so a
 * missing acquire shows only as a race, and every fence is as strong as {@code fence.sc}; a store
 * that only some of the other blocks see; delays between the threads of a block; delays in shared
 * memory. A program that is correct under PTX never fails because of the delays; one that passes
 * may still be wrong.
 */
final class StoreBuffer {

  private static final int WORD = 8;

  /** A block makes about one in this many of its delayed stores visible at a time. */
  private static final int[] PACES = {2, 16, 128};

  /**
   * A delayed store.
   *
   * @param location the race detector's key, or -1 if an earlier element of the vector carries it
   * @param message what an acquire that reads the store learns; null for nothing
   */
  private record Store(Page page, int at, int bytes, long value, long location, Message message) {}

  /** The delayed stores to one word, oldest first. */
  private static final class Word {
    final long number;
    final ArrayDeque<Store> stores = new ArrayDeque<>();

    /** Its index in {@link StoreBuffer#words}. */
    int index;

    Word(long number) {
      this.number = number;
    }
  }

  private final Grid grid;
  private final SplittableRandom random;
  private final int pace;
  private final Map<Long, Word> byNumber = new HashMap<>();
  private final List<Word> words = new ArrayList<>();

  StoreBuffer(Grid grid, SplittableRandom random) {
    this.grid = grid;
    this.random = random;
    this.pace = PACES[random.nextInt(PACES.length)];
  }

  /** The offset in its 8-byte word of an offset in a page. */
  static int inWord(int at) {
    return at & WORD - 1;
  }

  void add(Page page, int at, int bytes, long address, long value, long location, Message message) {
    Word word = byNumber.get(address / WORD);
    if (word == null) {
      word = new Word(address / WORD);
      word.index = words.size();
      words.add(word);
      byNumber.put(word.number, word);
    }
    word.stores.add(new Store(page, at, bytes, value, location, message));
  }

  /**
   * The 8-byte word at an address as the block sees it, in a page of its own; null if no store to
   * it is delayed.
   */
  Page forwarded(Page page, int at, long address) {
    Word word = byNumber.get(address / WORD);
    if (word == null) return null;
    Page seen = new Page(WORD);
    int start = at & -WORD;
    for (int i = 0; i < WORD; i++) {
      if (page.isDefined(start + i, 1)) seen.put(i, 1, page.get(start + i, 1));
    }
    for (Store store : word.stores) {
      seen.put(inWord(store.at), store.bytes, store.value);
    }
    return seen;
  }

  /** What an acquire by a thread of the block learns from a location. */
  Message message(long address, long location, Message inMemory) {
    Word word = byNumber.get(address / WORD);
    Message last = inMemory;
    if (word == null) return last;
    for (Store store : word.stores) if (store.location == location) last = store.message;
    return last;
  }

  /** Makes some stores visible. */
  void drain() {
    int count = (words.size() + random.nextInt(pace)) / pace;
    while (count-- > 0 && !words.isEmpty()) showOldest(words.get(random.nextInt(words.size())));
  }

  /** Makes all stores visible. */
  void flush() {
    while (!words.isEmpty()) showOldest(words.get(words.size() - 1));
  }

  /** Makes all stores to the 8-byte word at an address visible. */
  void flush(long address) {
    Word word = byNumber.get(address / WORD);
    while (word != null && !word.stores.isEmpty()) showOldest(word);
  }

  private void showOldest(Word word) {
    Store store = word.stores.remove();
    if (store.location >= 0) grid.races.place(store.location, store.message);
    if (store.page.put(store.at, store.bytes, store.value)) grid.progress();
    if (!word.stores.isEmpty()) return;
    byNumber.remove(word.number);
    Word last = words.remove(words.size() - 1);
    if (last == word) return;
    words.set(word.index, last);
    last.index = word.index;
  }
}
