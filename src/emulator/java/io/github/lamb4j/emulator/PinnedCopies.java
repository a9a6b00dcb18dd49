package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.CudaDriver.PinnedMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Pinned host memory, and the copies from and to it. They are complete only when something waits
 * for them, so that a host which does not wait reads or overwrites bytes too early.
 */
final class PinnedCopies {

  private final Set<PinnedMemory> memories = new HashSet<>();
  private final Deque<Runnable> pending = new ArrayDeque<>();
  private final Map<Long, Long> enqueuedBefore = new HashMap<>();
  private long enqueued;

  /**
   * Allocates memory.
   *
   * @param beforeFree runs first when it is freed
   */
  PinnedMemory allocate(int bytes, Runnable beforeFree) {
    ByteBuffer memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    PinnedMemory allocated =
        new PinnedMemory() {
          @Override
          public ByteBuffer bytes() {
            return memory.duplicate().clear().order(memory.order());
          }

          @Override
          public void free() {
            beforeFree.run();
            PinnedCopies.this.free(this);
          }

          @Override
          public String toString() {
            return "%d bytes of pinned memory".formatted(bytes);
          }
        };
    memories.add(allocated);
    return allocated;
  }

  private void free(PinnedMemory memory) {
    if (!pending.isEmpty()) {
      throw new EmulatorException(
          "pinned memory freed while %d copies are not complete".formatted(pending.size()));
    }
    if (!memories.remove(memory)) {
      throw new EmulatorException("pinned memory freed twice");
    }
  }

  /** The memory that is not freed. */
  Set<PinnedMemory> live() {
    return memories;
  }

  void enqueue(Runnable copy) {
    pending.add(copy);
    enqueued++;
  }

  void record(long event) {
    enqueuedBefore.put(event, enqueued);
  }

  /** Completes the copies enqueued before the event was last recorded. */
  void await(long event) {
    complete(enqueuedBefore.getOrDefault(event, 0L));
  }

  /** Completes all copies. */
  void complete() {
    complete(enqueued);
  }

  private void complete(long count) {
    while (enqueued - pending.size() < count) {
      pending.remove().run();
    }
  }
}
