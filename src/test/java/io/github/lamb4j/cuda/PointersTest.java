package io.github.lamb4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.DType;
import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.Parameter;
import io.github.lamb4j.StepPath;
import io.github.lamb4j.core.Half;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The caller's own device pointers, of any alignment and gradient type, give what the CPU gives.
 */
@Tag("gpu")
class PointersTest {

  private static final int[] SIZES = {1, 3, 4, 33, 2048, 4097};
  private static final int STEPS = 3;

  static Stream<Arguments> pointers() {
    List<Arguments> all = new ArrayList<>();
    for (StepPath path : List.of(StepPath.SINGLE_PASS, StepPath.TWO_PASS)) {
      for (DType type : DType.values()) {
        for (int weightOffset : new int[] {0, 4, 12}) {
          for (int gradientElements : new int[] {0, 1, 2}) {
            all.add(Arguments.of(path, type, weightOffset, gradientElements * type.bytes()));
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("pointers")
  void shouldGiveTheSameBits(StepPath path, DType type, int weightOffset, int gradientOffset) {
    Random random = new Random(5);
    float[][] weights = new float[SIZES.length][];
    byte[][] gradients = new byte[SIZES.length][];
    for (int i = 0; i < SIZES.length; i++) {
      weights[i] = gaussian(random, SIZES[i]);
      gradients[i] = encode(gaussian(random, SIZES[i]), type);
    }
    float[][] expected = onCpu(weights, gradients, type);
    try (TestDevice device = TestDevice.open()) {
      float[][] actual =
          onDevice(device, path, type, weights, weightOffset, gradients, gradientOffset);
      for (int i = 0; i < SIZES.length; i++) {
        assertArrayEquals(bits(expected[i]), bits(actual[i]), "weights of " + SIZES[i]);
      }
    }
  }

  private static float[][] onCpu(float[][] weights, byte[][] gradients, DType type) {
    float[][] result = new float[weights.length][];
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      result[i] = weights[i].clone();
      parameters.add(Parameter.onHost("p" + i, result[i], decode(gradients[i], type)));
    }
    try (Lamb lamb =
        Lamb.onCpu().group("all", Hyperparameters.lamb(0.02), parameters).maxGradNorm(2).build()) {
      for (int step = 0; step < STEPS; step++) {
        lamb.step();
      }
    }
    return result;
  }

  /**
   * Runs on the device, and checks that gradients and the memory around the weights are as they
   * were.
   */
  private static float[][] onDevice(
      TestDevice device,
      StepPath path,
      DType type,
      float[][] weights,
      int weightOffset,
      byte[][] gradients,
      int gradientOffset) {
    long[] weightAddresses = new long[weights.length];
    long[] gradientAddresses = new long[weights.length];
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      weightAddresses[i] =
          device.upload(encode(weights[i], DType.F32), weightOffset, "weights of p" + i);
      gradientAddresses[i] = device.upload(gradients[i], gradientOffset, "gradients of p" + i);
      parameters.add(
          Parameter.onDevice(
              "p" + i,
              pointer(weightAddresses[i]),
              pointer(gradientAddresses[i]),
              weights[i].length,
              type));
    }
    try (Lamb lamb =
        LambBuilders.onCuda(device.driver(), device.stream())
            .group("all", Hyperparameters.lamb(0.02), parameters)
            .maxGradNorm(2)
            .path(path)
            .build()) {
      for (int step = 0; step < STEPS; step++) {
        lamb.step();
      }
    }
    float[][] result = new float[weights.length][];
    for (int i = 0; i < weights.length; i++) {
      int bytes = weights[i].length * Float.BYTES;
      byte[] around = device.download(weightAddresses[i] - weightOffset, weightOffset + bytes + 16);
      result[i] =
          decode(
              java.util.Arrays.copyOfRange(around, weightOffset, weightOffset + bytes), DType.F32);
      for (int b = 0; b < around.length; b++) {
        if (b < weightOffset || b >= weightOffset + bytes) {
          assertEquals(0, around[b], "a byte beside weights of " + SIZES[i]);
        }
      }
      assertArrayEquals(
          gradients[i], device.download(gradientAddresses[i], gradients[i].length), "gradients");
    }
    return result;
  }

  static double bytesPerParameterWithHalfGradients() {
    int count = 2048 * 8;
    try (TestDevice device = TestDevice.open()) {
      long weights =
          device.upload(encode(gaussian(new Random(1), count), DType.F32), 0, "weights of p");
      long gradients = device.upload(new byte[2 * count], 0, "gradients of p");
      Parameter p = Parameter.onDevice("p", pointer(weights), pointer(gradients), count, DType.F16);
      try (Lamb lamb =
          LambBuilders.onCuda(device.driver(), device.stream())
              .group("all", Hyperparameters.lamb(0.1), p)
              .path(StepPath.TWO_PASS)
              .build()) {
        device.emulator().forgetLaunches();
        lamb.step();
        return TrafficTest.modelBytes(device.emulator().launches()) / count;
      }
    }
  }

  private static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  private static float[] gaussian(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static byte[] encode(float[] values, DType type) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      switch (type) {
        case F32 -> bytes.putFloat(value);
        case F16 -> bytes.putShort(Half.toF16(value));
        case BF16 -> bytes.putShort(Half.toBf16(value));
      }
    }
    return bytes.array();
  }

  private static float[] decode(byte[] encoded, DType type) {
    ByteBuffer bytes = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[encoded.length / type.bytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case F32 -> bytes.getFloat();
            case F16 -> Half.fromF16(bytes.getShort());
            case BF16 -> Half.fromBf16(bytes.getShort());
          };
    }
    return values;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
