package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rejection of invalid parameters and groups, without a backend. */
class BadParametersTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);
  private static final float[] ONE = {1};

  private static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  @Test
  void shouldRejectHostParametersWithoutNameOrMemory() {
    assertRefused(() -> Parameter.onHost(null, ONE, ONE), "parameter name", "null");
    assertRefused(() -> Parameter.onHost("", ONE, ONE), "parameter name", "empty");
    assertRefused(() -> Parameter.onHost("p", null, ONE), "parameter p", "weights", "null");
    assertRefused(() -> Parameter.onHost("p", ONE, null), "parameter p", "gradients", "null");
    FloatBuffer buffer = FloatBuffer.allocate(1);
    assertRefused(() -> Parameter.onHost(null, buffer, buffer), "parameter name", "null");
    assertRefused(() -> Parameter.onHost("p", buffer, null), "parameter p", "gradients", "null");
    HostArray array = HostArray.f32(buffer);
    assertRefused(() -> Parameter.onHost("p", null, array), "parameter p", "weights", "null");
  }

  @Test
  void shouldRejectGradientsOfDifferentLength() {
    assertRefused(
        () -> Parameter.onHost("p", new float[3], new float[4]),
        "parameter p",
        "3 weights",
        "4 gradients",
        "lengths must match");
    FloatBuffer three = FloatBuffer.allocate(4).position(1);
    assertRefused(
        () -> Parameter.onHost("p", three, FloatBuffer.allocate(4)), "3 weights", "4 gradients");
  }

  @Test
  void shouldRejectReadOnlyWeights() {
    FloatBuffer readOnly = FloatBuffer.allocate(2).asReadOnlyBuffer();
    assertRefused(
        () -> Parameter.onHost("p", readOnly, FloatBuffer.allocate(2)),
        "parameter p",
        "read-only",
        "writable");
  }

  @Test
  void shouldRejectDeviceParametersWithoutNameOrMemory() {
    CUdeviceptr some = at(0x1000);
    assertRefused(() -> Parameter.onDevice(null, some, some, 1), "parameter name", "null");
    assertRefused(() -> Parameter.onDevice("", some, some, 1), "parameter name", "empty");
    assertRefused(() -> Parameter.onDevice("p", null, some, 1), "parameter p", "weights", "null");
    assertRefused(() -> Parameter.onDevice("p", some, null, 1), "parameter p", "gradients", "null");
    assertRefused(
        () -> Parameter.onDevice("p", new CUdeviceptr(), some, 1),
        "parameter p",
        "weights",
        "null device pointer");
    assertRefused(
        () -> Parameter.onDevice("p", some, new CUdeviceptr(), 1),
        "parameter p",
        "gradients",
        "null device pointer");
    assertRefused(
        () -> Parameter.onDevice("p", some, at(0x2000), 1, null), "parameter p", "dtype", "null");
  }

  static Stream<Arguments> misalignments() {
    return Stream.of(
        arguments(0x1001L, 0x2000L, DType.F32, "weights at 0x1001", "4 bytes"),
        arguments(0x1002L, 0x2000L, DType.F32, "weights at 0x1002", "4 bytes"),
        arguments(0x1000L, 0x2002L, DType.F32, "gradients at 0x2002", "4 bytes"),
        arguments(0x1000L, 0x2001L, DType.F16, "gradients at 0x2001", "2 bytes"),
        arguments(0x1000L, 0x2003L, DType.BF16, "gradients at 0x2003", "2 bytes"),
        arguments(0x1002L, 0x2002L, DType.BF16, "weights at 0x1002", "4 bytes"));
  }

  @ParameterizedTest
  @MethodSource("misalignments")
  void shouldRejectMisalignedAddresses(
      long weights, long gradients, DType type, String where, String wanted) {
    String[] said = {"parameter p", where, "aligned to " + wanted};
    assertRefused(() -> Parameter.onDevice("p", at(weights), at(gradients), 1, type), said);
  }

  @Test
  void shouldAcceptHalfPrecisionGradientsAtEvenAddresses() {
    DeviceParameter p = Parameter.onDevice("p", at(0x1004), at(0x2002), 5, DType.F16);
    assertEquals(
        Parameter.onDevice(
            "p", new DeviceArray(0x1004, DType.F32), new DeviceArray(0x2002, DType.F16), 5),
        p);
  }

  @Test
  void shouldRejectInvalidCounts() {
    for (long count : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE}) {
      assertRefused(
          () -> Parameter.onDevice("p", at(0x1000), at(0x2000), count),
          "parameter p",
          "count " + count);
    }
  }

  @Test
  void shouldAcceptEmptyDeviceParameterAtNullAddress() {
    assertEquals(0, Parameter.onDevice("p", new CUdeviceptr(), new CUdeviceptr(), 0).count());
  }

  @Test
  void shouldIncludePointerOffsets() {
    // equals() of a device pointer ignores the offset.
    DeviceParameter p =
        Parameter.onDevice(
            "p", at(0x1000).withByteOffset(0x40), at(0x2000).withByteOffset(-0x10), 3);
    assertEquals(new DeviceArray(0x1040, DType.F32), p.weights());
    assertEquals(new DeviceArray(0x1ff0, DType.F32), p.gradients());
    assertEquals(3, p.count());
  }

  @Test
  void shouldRejectInvalidGroups() {
    List<Parameter> some = List.of(Parameter.onHost("p", ONE, ONE.clone()));
    assertRefused(() -> new ParameterGroup(null, LAMB, some), "group name", "null");
    assertRefused(() -> new ParameterGroup("", LAMB, some), "group name", "empty");
    assertRefused(() -> new ParameterGroup("g", null, some), "group g", "hyperparameters", "null");
    assertRefused(() -> new ParameterGroup("g", LAMB, null), "group g", "at least one parameter");
    assertRefused(
        () -> new ParameterGroup("g", LAMB, List.of()), "group g", "at least one parameter");
    assertRefused(
        () -> new ParameterGroup("g", LAMB, Collections.singletonList(null)), "group g", "null");
  }

  @Test
  void shouldRejectInvalidGroupsInBuilder() {
    assertRefused(() -> Lamb.onCpu().group(null), "group", "null");
    assertRefused(() -> Lamb.onCpu().group("g", LAMB), "group g", "at least one parameter");
    assertRefused(
        () -> Lamb.onCpu().group("g", LAMB, (List<Parameter>) null), "group g", "at least one");
    assertRefused(
        () -> Lamb.onCpu().group("g", LAMB, (Parameter[]) null), "group g", "at least one");
    assertRefused(() -> Lamb.onCpu().group("g", LAMB, (Parameter) null), "group g", "null");
  }

  @Test
  void shouldCopyParameterList() {
    Parameter p = Parameter.onHost("p", ONE, ONE.clone());
    List<Parameter> parameters = Arrays.asList(p);
    ParameterGroup group = new ParameterGroup("g", LAMB, parameters);
    parameters.set(0, null);
    assertEquals(List.of(p), group.parameters());
  }
}
