package io.github.lamb4j.emulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A thread's asynchronous copies to shared memory. They complete when the thread waits for them.
 */
final class AsyncCopies {

  private record Copy(Page target, int at, byte[] bytes) {
    void arrive() {
      for (int i = 0; i < bytes.length; i++) target.put(at + i, 1, bytes[i]);
    }
  }

  private final Deque<List<Copy>> groups = new ArrayDeque<>();
  private List<Copy> open = new ArrayList<>();

  /** The target is uninitialized until the copy completes. */
  void add(Page target, int at, byte[] bytes) {
    target.mark(at, bytes.length, Page.UNDEFINED);
    open.add(new Copy(target, at, bytes));
  }

  void commit() {
    groups.add(open);
    open = new ArrayList<>();
  }

  /** Completes all groups but the latest {@code pending}. */
  void await(long pending) {
    while (groups.size() > pending) groups.remove().forEach(Copy::arrive);
  }

  void awaitAll() {
    commit();
    await(0);
  }
}
