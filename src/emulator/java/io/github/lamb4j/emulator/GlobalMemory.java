package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** Device memory: allocations with gaps between them. Addresses are never reused. */
final class GlobalMemory {

  private static final long FIRST_ADDRESS = 0x7f10_0000_0000L;
  private static final long ALIGNMENT = 512;
  private static final long GAP = 1 << 16;

  /** Observes every access of a kernel; null if nothing is measured. */
  ReuseDistance reuse;

  private final TreeMap<Long, Allocation> live = new TreeMap<>();
  private final TreeMap<Long, Allocation> freed = new TreeMap<>();
  private long next = FIRST_ADDRESS;
  private long used;

  long used() {
    return used;
  }

  Collection<Allocation> live() {
    return live.values();
  }

  Allocation allocate(long bytes, Purpose purpose, String owner) {
    Allocation allocation = new Allocation(next, bytes, purpose, owner);
    next = (next + bytes + GAP + ALIGNMENT - 1) & -ALIGNMENT;
    live.put(allocation.start, allocation);
    used += bytes;
    return allocation;
  }

  void free(long address) {
    Allocation allocation = live.remove(address);
    if (allocation == null) {
      throw new EmulatorException("free of 0x%x: %s".formatted(address, describe(address)));
    }
    allocation.live = false;
    used -= allocation.bytes;
    // The allocation is kept for messages; its contents would waste memory.
    freed.put(address, new Allocation(address, 0, Purpose.OTHER, allocation.toString()));
  }

  /** The live allocation that contains the whole range, or null. */
  Allocation find(long address, long bytes) {
    Map.Entry<Long, Allocation> entry = live.floorEntry(address);
    return entry != null && entry.getValue().contains(address, bytes) ? entry.getValue() : null;
  }

  /** Describes the allocation at an address, or the nearest one before it. */
  String describe(long address) {
    Map.Entry<Long, Allocation> before = live.floorEntry(address);
    Map.Entry<Long, Allocation> gone = freed.floorEntry(address);
    if (gone != null && (before == null || gone.getKey() > before.getKey())) {
      return "%d bytes into %s, which was freed"
          .formatted(address - gone.getKey(), gone.getValue().owner);
    }
    if (before == null) return "no allocation there";
    Allocation allocation = before.getValue();
    long past = address - allocation.start - allocation.bytes;
    return past < 0
        ? "%d bytes into %s".formatted(address - allocation.start, allocation)
        : "%d bytes past the end of %s".formatted(past, allocation);
  }
}
