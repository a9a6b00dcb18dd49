package io.github.lamb4j.internal.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.lamb4j.DeviceParameters;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OverlapsTest {

  private static List<ParameterGroup> groups(Parameter... parameters) {
    return List.of(new ParameterGroup("g", Hyperparameters.lamb(0.1), List.of(parameters)));
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void shouldMeasureGradientsInBytesOfTheirType(DType type) {
    long end = 0x2000 + 10L * type.bytes();
    long aligned = (end + 3) / 4 * 4;
    Parameter a = DeviceParameters.of("a", 0x1000, 0x2000, 10, type);
    Parameter after = DeviceParameters.of("b", aligned, 0x3000, 10, type);
    Parameter inside = DeviceParameters.of("b", aligned - 4, 0x3000, 10, type);
    assertDoesNotThrow(() -> Overlaps.refuse(groups(a, after)));
    assertThrows(IllegalArgumentException.class, () -> Overlaps.refuse(groups(a, inside)));
  }

  @Test
  void shouldAcceptAdjacentAndEmptyArrays() {
    Overlaps.refuse(
        groups(
            DeviceParameters.of("a", 0x1000, 0x1010, 4, DType.F32),
            DeviceParameters.of("b", 0x1020, 0x0ff0, 4, DType.F32),
            DeviceParameters.of("none", 0x1004, 0x1004, 0, DType.F32)));
  }

  @Test
  void shouldAgreeWithPairwiseCheck() {
    Random random = new Random(1);
    for (int trial = 0; trial < 3000; trial++) {
      float[] array = new float[40];
      List<Parameter> parameters = new ArrayList<>();
      List<int[]> ranges = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(3); i++) {
        int count = random.nextInt(7);
        int w = random.nextInt(array.length - count);
        int g = random.nextInt(array.length - count);
        ranges.add(new int[] {w, w + count});
        ranges.add(new int[] {g, g + count});
        parameters.add(
            Parameter.onHost(
                "p" + i, FloatBuffer.wrap(array, w, count), FloatBuffer.wrap(array, g, count)));
      }
      assertEquals(anyPairOverlaps(ranges), isRefused(parameters), "trial " + trial);
    }
  }

  private static boolean anyPairOverlaps(List<int[]> ranges) {
    for (int i = 0; i < ranges.size(); i++) {
      for (int j = 0; j < i; j++) {
        int start = Math.max(ranges.get(i)[0], ranges.get(j)[0]);
        int end = Math.min(ranges.get(i)[1], ranges.get(j)[1]);
        if (start < end) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isRefused(List<Parameter> parameters) {
    try {
      Overlaps.refuse(groups(parameters.toArray(Parameter[]::new)));
      return false;
    } catch (IllegalArgumentException e) {
      return true;
    }
  }
}
