package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.stream.Stream;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Device memory may be given by JCuda's pointers or by numbers; Java memory is refused. */
class PointersOfEveryKindTest {

  /** A pointer as {@code cudaMalloc} fills it in. */
  private static final class Allocated extends Pointer {
    Allocated(long address) {
      super(address);
    }
  }

  static Stream<Pointer> devicePointers() {
    return Stream.of(
        new Allocated(0x1000),
        new Allocated(0xff0).withByteOffset(0x10),
        new CUdeviceptr().withByteOffset(0x1000));
  }

  @ParameterizedTest
  @MethodSource("devicePointers")
  void shouldTakeTheAddressOf(Pointer pointer) {
    DeviceArray floats = DeviceArray.at(0x1000, DType.F32);
    DeviceArray halves = DeviceArray.at(0x1000, DType.F16);
    assertEquals(floats, DeviceArray.of(pointer, DType.F32));
    assertEquals(floats, Parameter.onDevice("p", pointer, pointer, 1).weights());
    assertEquals(halves, Parameter.onDevice("p", pointer, pointer, 1, DType.F16).gradients());
    DeviceParameter p = Parameter.onDevice("p", pointer, pointer, 1);
    assertEquals(Optional.of(halves), p.withModelCopy(pointer, DType.F16).modelCopy());
    assertEquals(p.withModelCopy(pointer, DType.F16), p.withModelCopy(halves));
    assertEquals(Scalar.onDevice(floats), Scalar.onDevice(pointer));
  }

  static Stream<Pointer> javaPointers() {
    Buffer direct = ByteBuffer.allocateDirect(8);
    return Stream.of(
        Pointer.to(new float[2]),
        Pointer.to(new short[2]).withByteOffset(2),
        Pointer.to(FloatBuffer.allocate(2)),
        Pointer.to(direct),
        Pointer.to(direct).withByteOffset(4),
        Pointer.to(new Allocated(0x1000)));
  }

  @ParameterizedTest
  @MethodSource("javaPointers")
  void shouldRefuseJavaMemory(Pointer pointer) {
    String[] said = {"Java array or buffer", "pass device memory"};
    Pointer device = new Allocated(0x1000);
    assertRefused(() -> DeviceArray.of(pointer, DType.F32), said);
    assertRefused(
        () -> Parameter.onDevice("p", pointer, device, 1), "parameter p: weights", said[0]);
    assertRefused(
        () -> Parameter.onDevice("p", device, pointer, 1, DType.BF16),
        "parameter p: gradients",
        said[0]);
    assertRefused(
        () -> Parameter.onDevice("p", device, device, 1).withModelCopy(pointer, DType.F16),
        "parameter p: model copy",
        said[1]);
    assertRefused(() -> Scalar.onDevice(pointer), "scalar", said[0]);
  }

  @Test
  void shouldRejectNullModelCopy() {
    DeviceParameter p = Parameter.onDevice("p", new Allocated(16), new Allocated(32), 1);
    assertRefused(() -> p.withModelCopy(null), "parameter p", "model copy is null");
  }

  @Test
  void shouldTellNullPointersFromJavaMemory() {
    assertRefused(
        () -> Parameter.onDevice("p", new Pointer(), new Pointer(), 1),
        "parameter p",
        "null device pointer");
  }
}
