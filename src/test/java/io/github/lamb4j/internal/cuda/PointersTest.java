package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.Numbers;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.LaunchReport;
import io.github.lamb4j.emulator.MemoryModel;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Device pointers of any alignment and gradient type give the same results as the CPU. */
@Tag("slow")
@Tag("gpu")
class PointersTest {

  /** Sizes that end at every position in a quad, in both halves of a tile. */
  private static final int[] SIZES = {1, 2, 3, 4, 33, 1024, 1025, 1026, 1027, 1028, 2048, 4097};

  private static final int STEPS = 3;

  static Stream<Arguments> pointers() {
    return pointers(new int[][] {{0, 0}, {12, 1}});
  }

  static Stream<Arguments> otherPointers() {
    return pointers(new int[][] {{0, 1}, {0, 2}, {12, 0}, {12, 2}});
  }

  /**
   * Cases for each path, type and grouping.
   *
   * @param offsets of weights in bytes, and of gradients in elements
   */
  private static Stream<Arguments> pointers(int[][] offsets) {
    List<Arguments> all = new ArrayList<>();
    for (StepPath path : List.of(StepPath.SINGLE_PASS, StepPath.TWO_PASS)) {
      for (DType type : DType.values()) {
        for (int[] offset : offsets) {
          int gradientOffset = offset[1] * type.bytes();
          all.add(Arguments.of(path, type, offset[0], gradientOffset, true));
          all.add(Arguments.of(path, type, offset[0], gradientOffset, false));
        }
      }
    }
    return all.stream();
  }

  /**
   * All parameters in one adapted group, or each in an unadapted group of its own, whose weights
   * the kernels store together with the moments.
   */
  @Tag("kernels")
  @ParameterizedTest
  @MethodSource("pointers")
  void shouldGiveTheSameBits(
      StepPath path, DType type, int weightOffset, int gradientOffset, boolean together) {
    Hyperparameters hyperparameters =
        Hyperparameters.lamb(0.02)
            .withLayerAdaptation(together ? LayerAdaptation.ALWAYS : LayerAdaptation.NEVER);
    compare(path, hyperparameters, type, weightOffset, gradientOffset);
  }

  @ParameterizedTest
  @MethodSource("otherPointers")
  void shouldGiveTheSameBitsAtOtherOffsets(
      StepPath path, DType type, int weightOffset, int gradientOffset, boolean together) {
    shouldGiveTheSameBits(path, type, weightOffset, gradientOffset, together);
  }

  static Stream<Arguments> lansPointers() {
    return Stream.of(DType.values())
        .flatMap(type -> Stream.of(Arguments.of(type, 0, 0), Arguments.of(type, 12, type.bytes())));
  }

  @Tag("kernels")
  @ParameterizedTest
  @MethodSource("lansPointers")
  void shouldGiveTheSameBitsWithLans(DType type, int weightOffset, int gradientOffset) {
    compare(StepPath.AUTO, Hyperparameters.lans(0.02), type, weightOffset, gradientOffset);
  }

  private static void compare(
      StepPath path,
      Hyperparameters hyperparameters,
      DType type,
      int weightOffset,
      int gradientOffset) {
    Random random = new Random(5);
    float[][] weights = new float[SIZES.length][];
    byte[][] gradients = new byte[SIZES.length][];
    for (int i = 0; i < SIZES.length; i++) {
      weights[i] = Numbers.normal(random, SIZES[i], 1);
      gradients[i] = encode(uneven(random, SIZES[i]), type);
    }
    float[][] expected = new float[SIZES.length][];
    double expectedNorm = onCpu(hyperparameters, weights, gradients, type, expected);
    try (TestDevice device = TestDevice.open()) {
      float[][] actual = new float[SIZES.length][];
      double norm =
          onDevice(
              device,
              path,
              hyperparameters,
              type,
              weights,
              weightOffset,
              gradients,
              gradientOffset,
              actual);
      for (int i = 0; i < SIZES.length; i++) {
        assertArrayEquals(
            Numbers.bits(expected[i]), Numbers.bits(actual[i]), "weights of " + SIZES[i]);
      }
      assertEquals(expectedNorm, norm, "gradient norm");
    }
  }

  static Stream<Arguments> quads() {
    List<Arguments> all = new ArrayList<>();
    for (StepPath path : List.of(StepPath.SINGLE_PASS, StepPath.TWO_PASS)) {
      for (DType type : DType.values()) {
        all.add(Arguments.of(path, type, 0));
        all.add(Arguments.of(path, type, 300));
      }
    }
    return all.stream();
  }

  /** Four numbers, exact in every type, whose squares have a different sum in any other order. */
  @Tag("kernels")
  @ParameterizedTest
  @MethodSource("quads")
  void shouldAddTheSquaresOfAQuadInOrder(StepPath path, DType type, int quad) {
    float[] four = {112 * 0x1p-24f, 244 * 0x1p-24f, 1536, 3168 * 0x1p-24f};
    float[] gradients = new float[2048];
    System.arraycopy(four, 0, gradients, 4 * quad, 4);
    double sum = 0;
    for (double g : four) {
      sum += g * g;
    }
    try (TestDevice device = TestDevice.open()) {
      long address = device.upload(encode(gradients, type), 0, Purpose.GRADIENTS, "p");
      long weights = device.upload(new byte[2048 * Float.BYTES], 0, Purpose.WEIGHTS, "p");
      Parameter p = Parameter.onDevice("p", pointer(weights), pointer(address), 2048, type);
      try (Lamb lamb =
          LambBuilders.onCuda(device.driver(), device.stream())
              .group("all", Hyperparameters.lamb(0.02), p)
              .maxGradNorm(1)
              .path(path)
              .build()) {
        lamb.step();
        assertEquals(Math.sqrt(sum), lamb.gradientNorm());
      }
    }
  }

  /** Runs on the CPU and returns the gradient norm. */
  private static double onCpu(
      Hyperparameters hyperparameters,
      float[][] weights,
      byte[][] gradients,
      DType type,
      float[][] result) {
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      result[i] = weights[i].clone();
      parameters.add(Parameter.onHost("p" + i, result[i], decode(gradients[i], type)));
    }
    try (Lamb lamb =
        Lamb.onCpu().group("all", hyperparameters, parameters).maxGradNorm(2).build()) {
      for (int step = 0; step < STEPS; step++) {
        lamb.step();
      }
      return lamb.gradientNorm();
    }
  }

  /**
   * Runs on the device, checks that gradients and the memory around the weights are unchanged, and
   * returns the gradient norm.
   */
  private static double onDevice(
      TestDevice device,
      StepPath path,
      Hyperparameters hyperparameters,
      DType type,
      float[][] weights,
      int weightOffset,
      byte[][] gradients,
      int gradientOffset,
      float[][] result) {
    long[] weightAddresses = new long[weights.length];
    long[] gradientAddresses = new long[weights.length];
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      weightAddresses[i] =
          device.upload(encode(weights[i], DType.F32), weightOffset, Purpose.WEIGHTS, "p" + i);
      gradientAddresses[i] =
          device.upload(gradients[i], gradientOffset, Purpose.GRADIENTS, "p" + i);
      parameters.add(
          Parameter.onDevice(
              "p" + i,
              pointer(weightAddresses[i]),
              pointer(gradientAddresses[i]),
              weights[i].length,
              type));
    }
    double norm;
    LambBuilder builder =
        LambBuilders.onCuda(device.driver(), device.stream()).maxGradNorm(2).path(path);
    if (hyperparameters.isAdapted()) {
      builder.group("all", hyperparameters, parameters);
    } else {
      parameters.forEach(p -> builder.group("of " + p.name(), hyperparameters, p));
    }
    try (Lamb lamb = builder.build()) {
      for (int step = 0; step < STEPS; step++) {
        lamb.step();
      }
      norm = lamb.gradientNorm();
    }
    for (int i = 0; i < weights.length; i++) {
      int bytes = weights[i].length * Float.BYTES;
      byte[] around = device.download(weightAddresses[i] - weightOffset, weightOffset + bytes + 16);
      result[i] = decode(Arrays.copyOfRange(around, weightOffset, weightOffset + bytes), DType.F32);
      for (int b = 0; b < around.length; b++) {
        if (b < weightOffset || b >= weightOffset + bytes) {
          assertEquals(TestDevice.AROUND, around[b], "a byte beside weights of " + SIZES[i]);
        }
      }
      assertArrayEquals(
          gradients[i], device.download(gradientAddresses[i], gradients[i].length), "gradients");
    }
    return norm;
  }

  static double bytesPerParameterWithHalfGradients() {
    int count = 2048 * 8;
    return TrafficTest.modelBytes(launchesOfAStep(StepPath.TWO_PASS, DType.F16, 0, count, false))
        / count;
  }

  /** The instructions of a step by kernel, with weights at an offset in bytes. */
  static Map<String, Long> instructions(StepPath path, DType type, int weightOffset) {
    return launchesOfAStep(path, type, weightOffset, 2048 * 8, true).stream()
        .collect(
            Collectors.groupingBy(
                LaunchReport::kernel, Collectors.summingLong(LaunchReport::instructions)));
  }

  private static List<LaunchReport> launchesOfAStep(
      StepPath path, DType type, int weightOffset, int count, boolean clip) {
    try (TestDevice device = TestDevice.open()) {
      // Loads of old values are repeated, which would add instructions.
      device.emulator().memoryModel(MemoryModel.SEQUENTIAL);
      byte[] values = encode(Numbers.normal(new Random(1), count, 1), DType.F32);
      long weights = device.upload(values, weightOffset, Purpose.WEIGHTS, "p");
      long gradients = device.upload(new byte[type.bytes() * count], 0, Purpose.GRADIENTS, "p");
      Parameter p = Parameter.onDevice("p", pointer(weights), pointer(gradients), count, type);
      LambBuilder builder =
          LambBuilders.onCuda(device.driver(), device.stream())
              .group("all", Hyperparameters.lamb(0.1), p)
              .path(path);
      if (clip) {
        builder.maxGradNorm(1);
      }
      try (Lamb lamb = builder.build()) {
        device.emulator().forgetLaunches();
        lamb.step();
        return List.copyOf(device.emulator().launches());
      }
    }
  }

  private static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** Values of such different magnitudes that the order of summing their squares matters. */
  private static float[] uneven(Random random, int count) {
    float[] values = Numbers.normal(random, count, 1);
    for (int i = 0; i < count; i++) {
      values[i] = Math.scalb(values[i], random.nextInt(20) - 12);
    }
    return values;
  }

  private static byte[] encode(float[] values, DType type) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      if (type == DType.F32) {
        bytes.putFloat(value);
      } else {
        bytes.putShort((short) TestArray.bitsOf(value, type));
      }
    }
    return bytes.array();
  }

  private static float[] decode(byte[] encoded, DType type) {
    ByteBuffer bytes = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[encoded.length / type.bytes()];
    for (int i = 0; i < values.length; i++) {
      int bits = type == DType.F32 ? bytes.getInt() : bytes.getShort();
      values[i] = TestArray.valueOf(bits, type);
    }
    return values;
  }
}
