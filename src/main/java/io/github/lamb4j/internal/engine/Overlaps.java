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
 * Rejects arrays that overlap, because a step would read elements that it has written, in an
 * undefined order. Buffers without an accessible backing array, such as direct and read-only ones,
 * are not checked: Java does not reveal their addresses.
 */
public final class Overlaps {

  private static final String WEIGHTS = "weights";

  /**
   * The range of an array in one address space: device memory in bytes, or a Java array in
   * elements.
   */
  private record Range(String role, String parameter, long start, long end) {

    boolean isTiedTo(Range other) {
      return role.equals(WEIGHTS)
          && other.role.equals(WEIGHTS)
          && start == other.start
          && end == other.end;
    }

    @Override
    public String toString() {
      return role + " of " + parameter;
    }
  }

  private Overlaps() {}

  /**
   * Checks all arrays of all groups against each other.
   *
   * @throws IllegalArgumentException naming two arrays that overlap
   */
  public static void refuse(List<ParameterGroup> groups) {
    List<Range> device = new ArrayList<>();
    IdentityHashMap<Object, List<Range>> arrays = new IdentityHashMap<>();
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        if (parameter instanceof DeviceParameter p) {
          ParameterArrays.of(p).forEach((role, array) -> addDevice(device, role, array, p));
        } else if (parameter instanceof HostParameter p) {
          ParameterArrays.of(p).forEach((role, array) -> addHost(arrays, role, array, p));
        }
      }
    }
    refuse(device, "device address");
    arrays.values().forEach(ranges -> refuse(ranges, "array index"));
  }

  private static void addDevice(
      List<Range> ranges, String role, DeviceArray array, DeviceParameter parameter) {
    long bytes = parameter.count() * array.type().bytes();
    if (bytes > 0) {
      ranges.add(new Range(role, parameter.name(), array.address(), array.address() + bytes));
    }
  }

  private static void addHost(
      Map<Object, List<Range>> arrays, String role, HostArray array, HostParameter parameter) {
    Buffer buffer = array.type() == DType.F32 ? array.floats() : array.halves();
    if (buffer.hasArray() && buffer.capacity() > 0) {
      int start = buffer.arrayOffset();
      arrays
          .computeIfAbsent(buffer.array(), key -> new ArrayList<>())
          .add(new Range(role, parameter.name(), start, start + buffer.capacity()));
    }
  }

  private static void refuse(List<Range> ranges, String unit) {
    ranges.sort(Comparator.comparingLong(Range::start));
    for (int i = 1; i < ranges.size(); i++) {
      Range before = ranges.get(i - 1);
      Range range = ranges.get(i);
      if (range.start() < before.end()) {
        throw new IllegalArgumentException(
            "%s and %s overlap at %s 0x%x: %s"
                .formatted(
                    before,
                    range,
                    unit,
                    range.start(),
                    before.isTiedTo(range)
                        ? "for tied weights, use one parameter and sum its gradients"
                        : "allocate each array separately"));
      }
    }
  }
}
