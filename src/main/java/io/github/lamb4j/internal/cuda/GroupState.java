package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import java.util.List;
import java.util.function.ToLongFunction;

/** The moments and master weights of one group: three arrays that hold all segments in order. */
final class GroupState {

  /** Each segment's part starts at a multiple of this many elements, so that it is aligned. */
  private static final int ALIGNMENT = 4;

  private final long[] momentOffsets;
  private final long[] masterOffsets;
  private final long firstMoments;
  private final long secondMoments;
  private final long masters;

  /** Allocates the moments, all zero, and the master weights, undefined. */
  GroupState(DeviceArrays arrays, ParameterGroup group) {
    String name = group.name();
    momentOffsets = offsets(group.parameters(), Parameter::count);
    masterOffsets = offsets(group.parameters(), p -> p.hasMaster() ? p.count() : 0);
    firstMoments = arrays.allocateZeros(bytes(momentOffsets), Purpose.FIRST_MOMENTS, name);
    secondMoments = arrays.allocateZeros(bytes(momentOffsets), Purpose.SECOND_MOMENTS, name);
    masters = arrays.allocate(bytes(masterOffsets), Purpose.MASTERS, name);
  }

  /** The first element of each segment, and the number of elements of all. */
  private static long[] offsets(List<Parameter> parameters, ToLongFunction<Parameter> count) {
    long[] offsets = new long[parameters.size() + 1];
    for (int s = 0; s < parameters.size(); s++) {
      long elements = count.applyAsLong(parameters.get(s));
      offsets[s + 1] = offsets[s] + (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    return offsets;
  }

  private static long bytes(long[] offsets) {
    return offsets[offsets.length - 1] * Float.BYTES;
  }

  /** The device address of one element. */
  long address(int segment, StateArray array, long element) {
    return switch (array) {
      case FIRST_MOMENT -> firstMoments + (momentOffsets[segment] + element) * Float.BYTES;
      case SECOND_MOMENT -> secondMoments + (momentOffsets[segment] + element) * Float.BYTES;
      case MASTER -> masters + (masterOffsets[segment] + element) * Float.BYTES;
    };
  }
}
