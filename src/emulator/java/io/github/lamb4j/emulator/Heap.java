package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceMemory;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The allocations made through the driver. Module variables are not among them. */
final class Heap {

  private final GlobalMemory memory;
  private final long total;
  private final Map<Long, Allocation> owned = new TreeMap<>();

  Heap(GlobalMemory memory, long total) {
    this.memory = memory;
    this.total = total;
  }

  DeviceMemory state() {
    return new DeviceMemory(total - memory.used(), total);
  }

  long allocate(long bytes, Purpose purpose, String owner, String doing) {
    if (bytes <= 0) throw DriverErrors.failed(Call.ALLOCATE, DriverErrors.INVALID_VALUE, doing);
    if (bytes > total - memory.used()) {
      throw DriverErrors.failed(Call.ALLOCATE, DriverErrors.OUT_OF_MEMORY, doing);
    }
    Allocation allocation = memory.allocate(bytes, purpose, owner);
    owned.put(allocation.start, allocation);
    return allocation.start;
  }

  void free(long address) {
    if (owned.remove(address) == null) {
      throw new EmulatorException(
          "free of 0x%x, which is not a live allocation: %s"
              .formatted(address, memory.describe(address)));
    }
    memory.free(address);
  }

  List<String> live() {
    return owned.values().stream().map(Allocation::toString).toList();
  }

  Map<Purpose, Long> liveBytes() {
    Map<Purpose, Long> bytes = new EnumMap<>(Purpose.class);
    owned.values().forEach(a -> bytes.merge(a.purpose, a.bytes, Long::sum));
    return bytes;
  }
}
