package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.BiFunction;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rejection of invalid loss scales, divisors and gradient norms. */
class BadScalarsTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);
  private static final Scalar ON_HOST = Scalar.onHost(new float[] {2});
  private static final Scalar ON_DEVICE = Scalar.onDevice(at(0x1000));

  /** A builder method that takes a scalar. */
  private record Option(String name, BiFunction<LambBuilder, Scalar, LambBuilder> call) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Option> options() {
    return List.of(
        new Option("gradientNorm", LambBuilder::gradientNorm),
        new Option("lossScale", LambBuilder::lossScale),
        new Option("gradientDivisor", LambBuilder::gradientDivisor));
  }

  private static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  @Test
  void shouldRejectScalarsWithoutMemory() {
    assertRefused(() -> Scalar.onHost((float[]) null), "scalar", "null");
    assertRefused(() -> Scalar.onHost((FloatBuffer) null), "null");
    assertRefused(() -> Scalar.onHost(new float[0]), "scalar", "empty", "one element");
    assertRefused(() -> Scalar.onDevice((Pointer) null), "scalar", "null");
    assertRefused(() -> Scalar.onDevice(new CUdeviceptr()), "scalar", "null device pointer");
    assertRefused(() -> Scalar.onDevice((DeviceArray) null), "scalar", "null");
    assertRefused(
        () -> Scalar.onDevice(Pointer.to(new float[1])), "scalar", "Java array", "device memory");
    assertRefused(() -> Scalar.onDevice(at(0x1002)), "scalar at 0x1002", "4 bytes");
    assertRefused(() -> new Scalar.OnDevice(null), "scalar", "null");
    assertRefused(() -> new Scalar.OnDevice(new DeviceArray(8, DType.F16)), "F16", "F32");
    assertRefused(() -> new Scalar.OnHost(HostArray.bf16(new short[1])), "BF16", "F32");
  }

  @ParameterizedTest
  @MethodSource("options")
  void shouldRejectNullScalar(Option option) {
    assertRefused(() -> option.call.apply(Lamb.onCpu(), null), option.name, "null");
  }

  @ParameterizedTest
  @ValueSource(
      doubles = {
        0,
        -0.0,
        -1,
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        -Double.MIN_VALUE
      })
  void shouldRejectConstantsThatAreNotPositiveAndFinite(double value) {
    for (Option option : options()) {
      assertRefused(
          () -> option.call.apply(Lamb.onCpu(), Scalar.of(value)),
          option.name + " " + value,
          "finite and above 0");
    }
  }

  @Test
  void shouldRejectConstantGradientNorm() {
    assertRefused(
        () -> Lamb.onCpu().gradientNorm(Scalar.of(2)),
        "gradientNorm",
        "constant",
        "updates before");
  }

  @ParameterizedTest
  @MethodSource("options")
  void shouldRejectScalarsInWrongMemory(Option option) {
    HostParameter host = Parameter.onHost("p", new float[1], new float[1]);
    DeviceParameter device = Parameter.onDevice("p", at(0x1000), at(0x2000), 1);
    assertRefused(
        () -> option.call.apply(Lamb.onCpu(), ON_DEVICE).group("g", LAMB, host).build(),
        option.name,
        "Scalar.onHost");
    assertRefused(
        () ->
            option.call.apply(LambBuilders.staged(null), ON_DEVICE).group("g", LAMB, host).build(),
        option.name,
        "Scalar.onHost");
    assertRefused(
        () ->
            option
                .call
                .apply(LambBuilders.onCuda(null, CudaStream.LEGACY), ON_HOST)
                .group("g", LAMB, device)
                .build(),
        option.name,
        "Scalar.onDevice");
  }

  @Test
  void shouldRejectNullPolicy() {
    assertRefused(() -> Lamb.onCpu().nonFiniteGradients(null), "nonFiniteGradients", "null");
  }
}
