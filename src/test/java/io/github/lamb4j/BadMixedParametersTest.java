package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Rejection of invalid half-precision weights, model copies and typed arrays. */
class BadMixedParametersTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);

  private static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  private static HostParameter host() {
    return Parameter.onHost("p", new float[3], new float[3]);
  }

  private static DeviceParameter device() {
    return Parameter.onDevice("p", at(0x1000), at(0x2000), 3);
  }

  @Test
  void shouldRejectNullArrays() {
    assertRefused(() -> HostArray.f32((float[]) null), "host array", "null");
    assertRefused(() -> HostArray.f32((FloatBuffer) null), "host array", "null");
    assertRefused(() -> HostArray.f16((short[]) null), "host array", "null");
    assertRefused(() -> HostArray.f16((ShortBuffer) null), "host array", "null");
    assertRefused(() -> HostArray.bf16((short[]) null), "host array", "null");
    assertRefused(() -> HostArray.bf16((ShortBuffer) null), "host array", "null");
    assertRefused(() -> DeviceArray.of(null, DType.F16), "device array", "pointer is null");
    assertRefused(() -> DeviceArray.of(at(0x1000), null), "0x1000", "dtype is null");
  }

  @Test
  void shouldRejectViewsOfAnotherType() {
    assertUntimely(() -> HostArray.f16(new short[1]).floats(), "F16", "not F32");
    assertUntimely(() -> HostArray.bf16(new short[1]).floats(), "BF16", "not F32");
    assertUntimely(() -> HostArray.f32(new float[1]).halves(), "F32", "not halves");
  }

  @Test
  void shouldRejectNullModelCopy() {
    assertRefused(() -> host().withModelCopy(null), "parameter p", "model copy", "null");
    assertRefused(
        () -> device().withModelCopy(null, DType.F16), "parameter p", "model copy", "null");
    assertRefused(
        () -> device().withModelCopy(new CUdeviceptr(), DType.F16),
        "parameter p",
        "model copy",
        "null device pointer");
    assertRefused(() -> device().withModelCopy(at(0x3000), null), "parameter p", "dtype", "null");
  }

  @Test
  void shouldRejectFloat32ModelCopy() {
    String[] said = {"parameter p", "model copy is F32", "pass F16 or BF16"};
    assertRefused(() -> host().withModelCopy(HostArray.f32(new float[3])), said);
    assertRefused(() -> device().withModelCopy(at(0x3000), DType.F32), said);
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void shouldRejectModelCopyOfHalfPrecisionWeights(DType type) {
    String[] said = {"parameter p", "the weights are " + type, "omit the copy"};
    HostArray weights = halves(type, new short[3]);
    HostParameter onHost = Parameter.onHost("p", weights, HostArray.f32(new float[3]));
    assertRefused(() -> onHost.withModelCopy(HostArray.f16(new short[3])), said);
    DeviceParameter onDevice =
        Parameter.onDevice(
            "p", new DeviceArray(0x1000, type), new DeviceArray(0x2000, DType.F32), 3);
    assertRefused(() -> onDevice.withModelCopy(at(0x3000), DType.BF16), said);
  }

  private static HostArray halves(DType type, short[] array) {
    return type == DType.F16 ? HostArray.f16(array) : HostArray.bf16(array);
  }

  @Test
  void shouldRejectArraysOfDifferentLengths() {
    assertRefused(
        () -> host().withModelCopy(HostArray.f16(new short[4])),
        "parameter p",
        "3 weights but 4 model copy elements",
        "lengths must match");
    assertRefused(
        () -> Parameter.onHost("p", HostArray.bf16(new short[3]), HostArray.f16(new short[2])),
        "parameter p",
        "3 weights but 2 gradients",
        "lengths must match");
  }

  @Test
  void shouldRejectReadOnlyArrays() {
    ShortBuffer readOnly = ShortBuffer.allocate(3).asReadOnlyBuffer();
    String[] said = {"parameter p", "read-only", "writable"};
    assertRefused(() -> host().withModelCopy(HostArray.bf16(readOnly)), said);
    assertRefused(
        () -> Parameter.onHost("p", HostArray.f16(readOnly), HostArray.f32(new float[3])), said);
    // Gradients are only read, so they may be read-only.
    assertEquals(
        3, Parameter.onHost("p", HostArray.f32(new float[3]), HostArray.f16(readOnly)).count());
  }

  static Stream<Arguments> misalignments() {
    return Stream.of(
        arguments(0x1000L, DType.F32, 0x3001L, DType.F16, "model copy at 0x3001", "2 bytes"),
        arguments(0x1001L, DType.BF16, 0L, null, "weights at 0x1001", "2 bytes"),
        arguments(0x1002L, DType.F32, 0L, null, "weights at 0x1002", "4 bytes"));
  }

  @ParameterizedTest
  @MethodSource("misalignments")
  void shouldRejectMisalignedAddresses(
      long weights, DType type, long copy, DType copyType, String where, String wanted) {
    assertRefused(
        () ->
            new DeviceParameter(
                "p",
                new DeviceArray(weights, type),
                new DeviceArray(0x2002, DType.F16),
                Optional.ofNullable(copyType).map(t -> new DeviceArray(copy, t)),
                3),
        "parameter p",
        where,
        "aligned to " + wanted);
  }

  /** Pairs of overlapping arrays in each role, of one parameter or of two. */
  static Stream<Arguments> overlaps() {
    float[] floats = new float[20];
    short[] halves = new short[20];
    HostArray f = HostArray.f32(FloatBuffer.wrap(floats, 0, 10));
    HostArray g = HostArray.f32(FloatBuffer.wrap(floats, 10, 10));
    HostArray low = HostArray.f16(ShortBuffer.wrap(halves, 0, 10));
    HostArray high = HostArray.bf16(ShortBuffer.wrap(halves, 9, 10));
    HostArray other = HostArray.f32(new float[10]);
    return Stream.of(
        arguments(
            List.of(Parameter.onHost("a", f, low).withModelCopy(high)),
            "gradients of a",
            "model copy of a"),
        arguments(List.of(Parameter.onHost("a", low, high)), "weights of a", "gradients of a"),
        arguments(
            List.of(Parameter.onHost("a", low, f), Parameter.onHost("b", high, g)),
            "weights of a",
            "weights of b"),
        arguments(
            List.of(
                Parameter.onHost("a", f, g).withModelCopy(low), Parameter.onHost("b", high, other)),
            "model copy of a",
            "weights of b"),
        arguments(
            List.of(
                Parameter.onHost("a", f, g).withModelCopy(low),
                Parameter.onHost("b", HostArray.f32(new float[10]), other).withModelCopy(high)),
            "model copy of a",
            "model copy of b"));
  }

  @ParameterizedTest
  @MethodSource("overlaps")
  void shouldRejectOverlappingArrays(List<Parameter> parameters, String one, String two) {
    assertRefused(
        () -> Lamb.onCpu().group("g", LAMB, parameters).build(),
        one,
        two,
        "overlap",
        "array index 0x9",
        "allocate each array separately");
  }

  @Test
  void shouldRejectOverlappingAddresses() {
    DeviceParameter a = device().withModelCopy(at(0x1006), DType.F16); // weights end at 0x100c
    assertRefused(
        () -> LambBuilders.onCuda(null, CudaStream.LEGACY).group("g", LAMB, a).build(),
        "weights of p",
        "model copy of p",
        "0x1006");
    DeviceParameter b = device().withModelCopy(at(0x1ffc), DType.BF16); // ends at 0x2002
    assertRefused(
        () -> LambBuilders.onCuda(null, CudaStream.LEGACY).group("g", LAMB, b).build(),
        "model copy of p",
        "gradients of p",
        "0x2000");
  }

  @Test
  void shouldAcceptAdjacentArrays() {
    short[] halves = new short[30];
    HostParameter p =
        Parameter.onHost(
                "p", HostArray.f32(new float[10]), HostArray.f16(ShortBuffer.wrap(halves, 10, 10)))
            .withModelCopy(HostArray.f16(ShortBuffer.wrap(halves, 20, 10)));
    HostParameter q =
        Parameter.onHost(
            "q", HostArray.bf16(ShortBuffer.wrap(halves, 0, 10)), HostArray.f32(new float[10]));
    Lamb.onCpu().group("g", LAMB, p, q).build().close();
  }
}
