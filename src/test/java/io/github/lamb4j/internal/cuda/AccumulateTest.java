package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.internal.cuda.MixedModel.Form;
import io.github.lamb4j.internal.cuda.MixedModel.Tensor;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradient accumulation over micro-batches, and division by their number. */
@Tag("gpu")
class AccumulateTest {

  private static final Hyperparameters PLAIN = Hyperparameters.lamb(0.01).withBetas(0, 0.999);
  private static final Form FLOATS = new Form(DType.F32, null, DType.F32);

  /** Zero, and sizes that end at every position in a quad, in both halves of a tile. */
  private static final int[] SIZES = {
    0, 1, 2, 3, 4, 1024, 1025, 1026, 1027, 1028, 2047, 2048, 4097
  };

  private static float[] random(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = Math.scalb((float) random.nextGaussian(), random.nextInt(8) - 4);
    }
    return values;
  }

  /** Adds a micro-batch of each type to each of several parameters. */
  private static void addUp(Side side) {
    MixedModel model = new MixedModel(side, 1);
    Parameter[] parameters = new Parameter[SIZES.length];
    for (int i = 0; i < SIZES.length; i++) {
      parameters[i] = model.add("p" + i, FLOATS, SIZES[i]).parameter();
    }
    model.nextGradients(1);
    Random random = new Random(2);
    try (Lamb lamb = side.builder().group("g", PLAIN, parameters).build()) {
      for (Tensor p : model.tensors) {
        float[] expected = p.gradients().values();
        float[] weights = p.weights().values();
        for (DType type : DType.values()) {
          TestArray added = side.array(type, expected.length, Purpose.ADDED_GRADIENTS, "p");
          added.put(random(random, expected.length));
          int[] before = added.bits();
          lamb.accumulate(p.name(), added.array());
          float[] values = added.values();
          for (int i = 0; i < expected.length; i++) {
            expected[i] += values[i];
          }
          assertArrayEquals(expected, p.gradients().values(), type + " to " + p.name());
          assertArrayEquals(before, added.bits());
        }
        assertArrayEquals(weights, p.weights().values());
      }
      assertEquals(0, lamb.stepCount());
    }
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldAddInBinary32(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      addUp(where.on(device));
    }
  }

  @Tag("kernels")
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void shouldAddUnalignedArrays(int offset) {
    try (TestDevice device = TestDevice.open()) {
      addUp(Side.cuda(device, StepPath.AUTO, p -> p == Purpose.ADDED_GRADIENTS ? offset : 0));
      addUp(Side.cuda(device, StepPath.AUTO, p -> p == Purpose.GRADIENTS ? offset : 0));
    }
  }

  /** Adding an array to itself doubles it. */
  @ParameterizedTest
  @EnumSource
  void shouldAddGradientsToThemselves(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      Tensor p = new MixedModel(side, 1).add("p", FLOATS, 3);
      p.gradients().put(1, -2, Float.MAX_VALUE);
      try (Lamb lamb = side.builder().group("g", PLAIN, p.parameter()).build()) {
        lamb.accumulate("p", p.gradients().array());
      }
      assertArrayEquals(new float[] {2, -4, Float.POSITIVE_INFINITY}, p.gradients().values());
    }
  }

  /** The divisor is a constant or a scalar that each step reads. */
  @ParameterizedTest
  @EnumSource
  void shouldDivideByTheNumberOfMicroBatches(Side.Where where) {
    float[] gradients = random(new Random(3), 40);
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      TestArray scalar = side.array(DType.F32, 1, "divisor");
      for (int k : new int[] {1, 3, 10, 1024}) {
        scalar.put(k);
        for (Scalar divisor : new Scalar[] {Scalar.of(k), side.scalar(scalar)}) {
          Tensor p = new MixedModel(side, 1).add("p", FLOATS, gradients.length);
          p.gradients().put(gradients);
          try (Lamb lamb =
              side.builder().group("g", PLAIN, p.parameter()).gradientDivisor(divisor).build()) {
            lamb.step();
            float[] m = MixedModel.moment(lamb, p, StateArray.FIRST_MOMENT);
            boolean exact = Integer.bitCount(k) == 1;
            for (int i = 0; i < m.length; i++) {
              float mean = gradients[i] / k;
              assertEquals(mean, m[i], exact ? 0 : Math.ulp(mean));
            }
          }
        }
      }
    }
  }

  @Test
  void shouldRejectInvalidGradientsOnTheHost() {
    float[] three = new float[3];
    float[] four = new float[4];
    FloatBuffer readOnly = FloatBuffer.allocate(3).asReadOnlyBuffer();
    try (Lamb lamb =
        Lamb.onCpu()
            .group(
                "g",
                PLAIN,
                Parameter.onHost("p", new float[3], three),
                Parameter.onHost("of four", FloatBuffer.allocate(3), FloatBuffer.wrap(four, 1, 3)),
                Parameter.onHost("half", HostArray.f32(new float[3]), HostArray.f16(new short[3])),
                Parameter.onHost("read-only", FloatBuffer.allocate(3), readOnly))
            .build()) {
      HostArray added = HostArray.f32(new float[] {1, 1, 1});
      assertRefused(lamb, "q", added, "parameter q", "unknown");
      assertRefused(lamb, null, added, "parameter null");
      assertRefused(lamb, "p", null, "parameter p", "null");
      assertRefused(lamb, "p", HostArray.bf16(new short[4]), "parameter p", "4 elements", "have 3");
      assertRefused(
          lamb, "p", new DeviceArray(0x1000, DType.F32), "parameter p", "pass a HostArray");
      assertRefused(lamb, "half", added, "parameter half", "F16", "needs F32");
      assertRefused(lamb, "read-only", added, "parameter read-only", "writable");
      HostArray before = HostArray.f32(FloatBuffer.wrap(four, 0, 3));
      assertRefused(lamb, "of four", before, "parameter of four", "overlap");
      assertArrayEquals(new float[3], three);
    }
  }

  @Test
  void shouldRejectInvalidGradientsOnTheDevice() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.SINGLE_PASS);
      MixedModel model = new MixedModel(side, 1);
      Tensor p = model.add("p", FLOATS, 1000);
      Tensor half = model.add("half", new Form(DType.F32, null, DType.BF16), 1000);
      TestArray added = side.array(DType.F32, 900, "micro-batch");
      try (Lamb lamb = side.builder().group("g", PLAIN, p.parameter(), half.parameter()).build()) {
        long address = ((DeviceArray) added.array()).address();
        assertRefused(lamb, "p", HostArray.f32(new float[1000]), "pass a DeviceArray");
        assertRefused(lamb, "p", null, "parameter p", "null");
        assertRefused(lamb, "p", new DeviceArray(0, DType.F16), "null device pointer");
        assertRefused(lamb, "p", new DeviceArray(address + 2, DType.F32), "aligned to 4 bytes");
        assertRefused(lamb, "p", new DeviceArray(address + 1, DType.F16), "aligned to 2 bytes");
        assertRefused(
            lamb, "p", added.array(), "parameter p", "1000 F32", "exceed their allocation");
        assertRefused(lamb, "half", added.array(), "parameter half", "BF16", "needs F32");
        long own = ((DeviceArray) p.gradients().array()).address();
        assertRefused(lamb, "p", new DeviceArray(own, DType.BF16), "parameter p", "overlap");
        assertArrayEquals(new float[1000], p.gradients().values());
      }
    }
  }

  private static void assertRefused(Lamb lamb, String name, TensorArray added, String... said) {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> lamb.accumulate(name, added));
    for (String part : said) {
      assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
  }

  /** An accumulation is work on the stream, so it can be captured together with a step. */
  @Test
  void shouldReplayAnAccumulation() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.SINGLE_PASS);
      Tensor p = new MixedModel(side, 1).add("p", FLOATS, 3);
      TestArray added = side.array(DType.F16, 3, "micro-batch");
      try (Lamb lamb = side.builder().group("g", PLAIN, p.parameter()).build()) {
        lamb.prepareReplays(2);
        Runnable work =
            () -> {
              lamb.accumulate("p", added.array());
              lamb.step();
            };
        try (Graph graph = device.capture(work)) {
          added.put(1, 2, 3);
          graph.replay();
          added.put(1, 1, -1);
          graph.replay();
        }
        assertArrayEquals(new float[] {2, 3, 2}, p.gradients().values());
        assertArrayEquals(
            new float[] {2, 3, 2}, MixedModel.moment(lamb, p, StateArray.FIRST_MOMENT));
      }
    }
  }
}
