package io.github.lamb4j.internal.engine;

import io.github.lamb4j.internal.spi.ParameterArrays;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.Buffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Refuses tensors that share memory: a step would read what it has just written, in an order that
 * nothing fixes.
 *
 * <p>Buffers that do not give access to an array are the exception, such as direct and read-only
 * ones: Java does not tell where they lie.
 */
public final class Overlaps {

  /** A tensor's bytes in one address space: device memory, or one Java array. */
  private record Range(String what, long start, long end) {}

  private Overlaps() {}

  /**
   * Looks at every pair of tensors.
   *
   * @throws IllegalArgumentException naming two that overlap
   */
  public static void refuse(List<ParameterGroup> groups) {
    List<Range> device = new ArrayList<>();
    IdentityHashMap<Object, List<Range>> arrays = new IdentityHashMap<>();
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        if (parameter instanceof DeviceParameter p) {
          ParameterArrays.of(p)
              .forEach((what, array) -> addDevice(device, what + " of " + p.name(), array, p));
        } else if (parameter instanceof HostParameter p) {
          ParameterArrays.of(p)
              .forEach((what, array) -> addHost(arrays, what + " of " + p.name(), array));
        }
      }
    }
    refuse(device, "device address");
    arrays.values().forEach(ranges -> refuse(ranges, "array index"));
  }

  private static void addDevice(
      List<Range> ranges, String what, DeviceArray array, DeviceParameter parameter) {
    long bytes = parameter.count() * array.type().bytes();
    if (bytes > 0) {
      ranges.add(new Range(what, array.address(), array.address() + bytes));
    }
  }

  private static void addHost(Map<Object, List<Range>> arrays, String what, HostArray array) {
    Buffer buffer = array.type() == DType.F32 ? array.floats() : array.halves();
    if (buffer.hasArray() && buffer.capacity() > 0) {
      int start = buffer.arrayOffset();
      arrays
          .computeIfAbsent(buffer.array(), key -> new ArrayList<>())
          .add(new Range(what, start, start + buffer.capacity()));
    }
  }

  private static void refuse(List<Range> ranges, String unit) {
    ranges.sort(Comparator.comparingLong(Range::start));
    for (int i = 1; i < ranges.size(); i++) {
      Range before = ranges.get(i - 1);
      Range range = ranges.get(i);
      if (range.start() < before.end()) {
        throw new IllegalArgumentException(
            "the %s and the %s overlap at %s 0x%x: give each tensor memory of its own"
                .formatted(before.what(), range.what(), unit, range.start()));
      }
    }
  }
}
