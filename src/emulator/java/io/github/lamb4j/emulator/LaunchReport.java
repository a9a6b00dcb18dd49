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
    Map<Purpose, Long> stored) {

  static LaunchReport of(Grid ended, CudaStream stream) {
    Map<Purpose, Long> loaded = new EnumMap<>(Purpose.class);
    Map<Purpose, Long> stored = new EnumMap<>(Purpose.class);
    for (Allocation allocation : ended.memory.live()) {
      if (allocation.loaded > 0) loaded.merge(allocation.purpose, allocation.loaded, Long::sum);
      if (allocation.stored > 0) stored.merge(allocation.purpose, allocation.stored, Long::sum);
    }
    return new LaunchReport(
        ended.kernel.name,
        ended.blocks,
        ended.threads,
        ended.dynamicSharedBytes,
        stream,
        ended.instructions,
        ended.atomics,
        loaded,
        stored);
  }

  public long bytesLoaded() {
    return loaded.values().stream().mapToLong(Long::longValue).sum();
  }

  public long bytesStored() {
    return stored.values().stream().mapToLong(Long::longValue).sum();
  }
}
