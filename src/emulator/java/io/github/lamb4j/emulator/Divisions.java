package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Allocations that the driver reports as several ranges, by start address. */
final class Divisions {

  /**
   * The ranges of an allocation.
   *
   * @param reserved whether memory is mapped to them in one reservation of addresses
   */
  private record Division(List<DeviceRange> ranges, boolean reserved) {}

  private final Map<Long, Division> divisions = new HashMap<>();

  /** Divides an allocation into ranges of these sizes, in order. A negative size is a gap. */
  void divide(long start, long[] sizes, boolean reserved) {
    List<DeviceRange> ranges = new ArrayList<>();
    long at = start;
    for (long size : sizes) {
      if (size > 0) ranges.add(new DeviceRange(at, size));
      at += Math.abs(size);
    }
    divisions.put(start, new Division(ranges, reserved));
  }

  void forget(long start) {
    divisions.remove(start);
  }

  /** The range that contains an address of an allocation; null in a gap. */
  DeviceRange rangeOf(long address, Allocation allocation) {
    DeviceRange whole = new DeviceRange(allocation.start, allocation.bytes);
    Division division = divisions.get(allocation.start);
    if (division == null) return whole;
    return division.ranges.stream().filter(r -> r.contains(address)).findFirst().orElse(null);
  }

  /** The reservation that contains an address, otherwise the allocation; null in a gap. */
  DeviceRange reservationOf(long address, Allocation allocation) {
    DeviceRange range = rangeOf(address, allocation);
    Division division = divisions.get(allocation.start);
    return range != null && division != null && division.reserved
        ? new DeviceRange(allocation.start, allocation.bytes)
        : range;
  }
}
