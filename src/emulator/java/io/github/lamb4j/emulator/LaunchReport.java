package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.util.EnumMap;
import java.util.Map;

/**
 * Exact counts of a launch.
 *
 * @param instructions executed by all threads, including those whose guard is false
 * @param atomics atomic operations of all threads, on global and shared memory
 * @param loaded bytes loaded from global memory, by purpose of the allocation
 * @param stored bytes stored to global memory, by purpose; atomics count as stores
 * @param loadedByHint the loaded bytes also by cache hint
 * @param storedByHint the stored bytes also by cache hint
 */
public record LaunchReport(
    String kernel,
    int grid,
    int threads,
    int sharedBytes,
    CudaStream stream,
    long instructions,
    long atomics,
    Map<Purpose, Long> loaded,
    Map<Purpose, Long> stored,
    Map<Purpose, Map<CacheHint, Long>> loadedByHint,
    Map<Purpose, Map<CacheHint, Long>> storedByHint) {

  static LaunchReport of(Grid ended, CudaStream stream) {
    Map<Purpose, Map<CacheHint, Long>> loaded = new EnumMap<>(Purpose.class);
    Map<Purpose, Map<CacheHint, Long>> stored = new EnumMap<>(Purpose.class);
    for (Allocation allocation : ended.memory.live()) {
      add(loaded, allocation.purpose, allocation.loaded);
      add(stored, allocation.purpose, allocation.stored);
    }
    return new LaunchReport(
        ended.kernel.name,
        ended.blocks,
        ended.threads,
        ended.dynamicSharedBytes,
        stream,
        ended.instructions,
        ended.atomics,
        totals(loaded),
        totals(stored),
        loaded,
        stored);
  }

  private static void add(
      Map<Purpose, Map<CacheHint, Long>> counts, Purpose purpose, long[] bytes) {
    for (CacheHint hint : CacheHint.values()) {
      if (bytes[hint.ordinal()] == 0) continue;
      counts
          .computeIfAbsent(purpose, p -> new EnumMap<>(CacheHint.class))
          .merge(hint, bytes[hint.ordinal()], Long::sum);
    }
  }

  private static Map<Purpose, Long> totals(Map<Purpose, Map<CacheHint, Long>> counts) {
    Map<Purpose, Long> totals = new EnumMap<>(Purpose.class);
    counts.forEach(
        (purpose, bytes) ->
            totals.put(purpose, bytes.values().stream().mapToLong(Long::longValue).sum()));
    return totals;
  }

  public long bytesLoaded() {
    return loaded.values().stream().mapToLong(Long::longValue).sum();
  }

  public long bytesStored() {
    return stored.values().stream().mapToLong(Long::longValue).sum();
  }
}
