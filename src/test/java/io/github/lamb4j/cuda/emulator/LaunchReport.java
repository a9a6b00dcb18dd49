package io.github.lamb4j.cuda.emulator;

import java.util.Map;
import jcuda.driver.CUstream;

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
    CUstream stream,
    long instructions,
    long atomics,
    Map<String, Long> loaded,
    Map<String, Long> stored) {

  public long bytesLoaded() {
    return loaded.values().stream().mapToLong(Long::longValue).sum();
  }

  public long bytesStored() {
    return stored.values().stream().mapToLong(Long::longValue).sum();
  }
}
