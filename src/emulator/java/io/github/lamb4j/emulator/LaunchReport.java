package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a launch did, counted exactly.
 *
 * @param instructions by thread; an instruction whose guard is false counts too
 * @param atomics atomic operations by thread, on global and on shared memory
 * @param loaded bytes of global memory that threads loaded, by the allocation's purpose
 * @param stored bytes of global memory that threads stored, likewise; atomics count as stores
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
