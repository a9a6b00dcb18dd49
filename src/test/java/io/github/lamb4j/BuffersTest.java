package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kind of host memory and its byte order do not affect any bit. */
class BuffersTest {

  private static final int COUNT = 5003;

  static Stream<Named<IntFunction<FloatBuffer>>> allocators() {
    return Stream.of(
        Named.of("array", FloatBuffer::allocate),
        Named.of("slice of an array", n -> FloatBuffer.allocate(n + 9).slice(3, n)),
        Named.of("window of an array", n -> FloatBuffer.wrap(new float[n + 9], 5, n)),
        Named.of("bytes on the heap", n -> ByteBuffer.allocate(4 * n).asFloatBuffer()),
        Named.of("direct, native order", n -> direct(4 * n, ByteOrder.nativeOrder())),
        Named.of("direct, big-endian", n -> direct(4 * n, ByteOrder.BIG_ENDIAN)),
        Named.of("direct, little-endian", n -> direct(4 * n, ByteOrder.LITTLE_ENDIAN)),
        Named.of("odd floats", n -> direct(4 * n + 64, ByteOrder.nativeOrder()).slice(7, n)),
        Named.of("odd bytes", BuffersTest::misaligned));
  }

  private static FloatBuffer direct(int bytes, ByteOrder order) {
    return ByteBuffer.allocateDirect(bytes).order(order).asFloatBuffer();
  }

  private static FloatBuffer misaligned(int count) {
    return ByteBuffer.allocateDirect(4 * count + 1)
        .slice(1, 4 * count)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  @ParameterizedTest
  @MethodSource("allocators")
  void shouldGiveSameBitsAsArrays(IntFunction<FloatBuffer> allocator) {
    float[] weights = Numbers.normal(new Random(1), COUNT, 0.05);
    float[] gradients = Numbers.normal(new Random(2), COUNT, 1);
    FloatBuffer weightBuffer = filled(allocator, weights);
    FloatBuffer gradientBuffer = filled(allocator, gradients);
    int weightPosition = weightBuffer.position();

    float[] expectedMoments = train(Parameter.onHost("w", weights, gradients));
    float[] moments = train(Parameter.onHost("w", weightBuffer, gradientBuffer));

    float[] trained = new float[COUNT];
    weightBuffer.duplicate().get(trained);
    assertArrayEquals(Numbers.bits(weights), Numbers.bits(trained));
    assertArrayEquals(Numbers.bits(expectedMoments), Numbers.bits(moments));
    assertEquals(weightPosition, weightBuffer.position(), "the position is the caller's");
  }

  @Test
  void shouldNotChangeElementsAroundSlice() {
    float[] array = new float[40];
    Arrays.fill(array, 7);
    FloatBuffer weights = FloatBuffer.wrap(array, 10, 5);
    train(Parameter.onHost("w", weights, FloatBuffer.wrap(new float[] {1, 2, 3, 4, 5})));
    for (int i = 0; i < array.length; i++) {
      assertEquals(i < 10 || i >= 15, array[i] == 7, "element " + i);
    }
  }

  @Test
  void shouldAcceptReadOnlyGradients() {
    float[] weights = {1, 2};
    train(
        Parameter.onHost(
            "w",
            FloatBuffer.wrap(weights),
            FloatBuffer.wrap(new float[] {1, 1}).asReadOnlyBuffer()));
    assertEquals(true, weights[0] < 1);
  }

  @Test
  void shouldIgnoreLaterChangesOfPositionAndLimit() {
    float[] expected = {1, 2, 3};
    train(Parameter.onHost("w", expected, new float[] {3, 2, 1}));

    FloatBuffer weights = FloatBuffer.wrap(new float[] {1, 2, 3});
    FloatBuffer gradients = FloatBuffer.wrap(new float[] {3, 2, 1});
    HostParameter parameter = Parameter.onHost("w", weights, gradients);
    weights.limit(1);
    gradients.position(2);
    // A program might do this to write a checkpoint from the parameter.
    parameter.weights().floats().get(new float[3]);
    parameter.weights().floats().limit(1);
    parameter.gradients().floats().limit(0);
    train(parameter);
    assertArrayEquals(expected, weights.array());
    assertEquals(3, parameter.weights().floats().remaining());
  }

  @Test
  void shouldUseRemainingElementsOfBuffers() {
    float[] array = {9, 1, 2, 3, 9};
    train(
        Parameter.onHost(
            "w", FloatBuffer.wrap(array, 1, 3), FloatBuffer.wrap(new float[] {3, 2, 1})));
    float[] expected = {1, 2, 3};
    train(Parameter.onHost("w", expected, new float[] {3, 2, 1}));
    assertArrayEquals(new float[] {9, expected[0], expected[1], expected[2], 9}, array);
  }

  private static FloatBuffer filled(IntFunction<FloatBuffer> allocator, float[] values) {
    FloatBuffer buffer = allocator.apply(values.length);
    buffer.duplicate().put(values);
    return buffer;
  }

  /** Takes three clipped steps and returns the concatenated moments. */
  private static float[] train(Parameter parameter) {
    int count = (int) parameter.count();
    try (Lamb lamb =
        Lamb.onCpu()
            .group("g", Hyperparameters.lamb(0.01), parameter)
            .maxGradNorm(1)
            .threads(2)
            .build()) {
      for (int step = 0; step < 3; step++) {
        lamb.step();
      }
      FloatBuffer moments = FloatBuffer.allocate(2 * count);
      lamb.readState("w", StateArray.FIRST_MOMENT, 0, moments.slice(0, count));
      lamb.readState("w", StateArray.SECOND_MOMENT, 0, moments.slice(count, count));
      return moments.array();
    }
  }
}
