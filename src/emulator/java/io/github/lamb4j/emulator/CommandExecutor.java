package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Executes copies, clears and launches, and checks and counts what they do. */
final class CommandExecutor {

  final List<LaunchReport> launches = new ArrayList<>();

  /** Seed of the next launch's schedule. */
  long seed;

  /** Called with the name of each kernel before it runs. */
  Consumer<String> onLaunch = kernel -> {};

  boolean copiesOfUndefinedBytes;

  MemoryModel memoryModel = MemoryModel.ofProcess();

  long nanoseconds;

  private final EmulatedDevice device;
  private final GlobalMemory memory;
  private final RaceDetector races = new RaceDetector();

  CommandExecutor(EmulatedDevice device, GlobalMemory memory, long seed) {
    this.device = device;
    this.memory = memory;
    this.seed = seed;
  }

  /** See {@link RaceDetector#ignoresEqualStores}. */
  void ignoreEqualStores(boolean ignore) {
    races.ignoresEqualStores = ignore;
  }

  /** See {@link RaceDetector#ignoresWeakReadsOfAtomics}. */
  void ignoreWeakReadsOfAtomics(boolean ignore) {
    races.ignoresWeakReadsOfAtomics = ignore;
  }

  void copyToDevice(long target, ByteBuffer source) {
    Allocation allocation = range(target, source.remaining(), "copy to the device");
    allocation.put(target - allocation.start, source.duplicate());
  }

  void copyToHost(ByteBuffer target, long source) {
    Allocation allocation = range(source, target.remaining(), "copy to the host");
    long at = source - allocation.start;
    expectWritten(allocation, at, target.remaining(), "copy to the host");
    allocation.get(at, target.duplicate());
  }

  void copyOnDevice(long target, long source, long bytes) {
    Allocation from = range(source, bytes, "copy on the device");
    Allocation to = range(target, bytes, "copy on the device");
    if (source < target + bytes && target < source + bytes) {
      throw new EmulatorException("copy of %d bytes overlaps itself in %s".formatted(bytes, to));
    }
    expectWritten(from, source - from.start, bytes, "copy on the device");
    for (long at = 0; at < bytes; at++) {
      to.put(target - to.start + at, from.get(source - from.start + at));
    }
    nanoseconds += bytes; // an arbitrary rate of 1 byte/ns, so that events measure more than zero
  }

  void clear(long address, long bytes) {
    Allocation allocation = range(address, bytes, "clear");
    allocation.clear(address - allocation.start, bytes);
  }

  /** Repeats a pattern. */
  void fill(long address, byte[] pattern, long count) {
    Allocation allocation = range(address, pattern.length * count, "fill");
    for (long i = 0; i < pattern.length * count; i++) {
      allocation.put(address - allocation.start + i, pattern[(int) (i % pattern.length)]);
    }
  }

  private Allocation range(long address, long bytes, String what) {
    Allocation allocation = memory.find(address, bytes);
    if (allocation == null) {
      throw new EmulatorException(
          "%s of %d bytes at 0x%x is out of bounds: %s"
              .formatted(what, bytes, address, memory.describe(address)));
    }
    return allocation;
  }

  private void expectWritten(Allocation allocation, long at, long bytes, String what) {
    long hole = allocation.hole(at, bytes);
    if (hole >= 0 && !copiesOfUndefinedBytes) {
      throw new EmulatorException(
          "%s of uninitialized bytes, from byte %d of %s".formatted(what, hole, allocation));
    }
  }

  void launch(
      Kernel kernel,
      Dimensions grid,
      Dimensions block,
      int sharedBytes,
      Page parameters,
      CudaStream stream) {
    onLaunch.accept(kernel.name);
    if (races.start(grid.count(), (int) block.count())) {
      memory.live().forEach(Allocation::forgetAccesses);
    }
    memory.live().forEach(Allocation::resetCounts);
    Grid running =
        new Grid(
            kernel,
            grid,
            block,
            sharedBytes,
            device.multiprocessors(),
            kernel.residentBlocks(device, (int) block.count(), sharedBytes),
            parameters,
            memory,
            races,
            seed++,
            memoryModel);
    running.run();
    nanoseconds += running.nanoseconds();
    launches.add(LaunchReport.of(running, stream));
  }
}
