package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.cuda.MixedModel.Form;
import io.github.lamb4j.internal.cuda.MixedModel.Tensor;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.schedule.Schedule;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Half-precision weights are the rounded float32 weights. */
@Tag("gpu")
class MixedPrecisionTest {

  private static final Hyperparameters LAMB =
      Hyperparameters.lamb(Schedule.piecewise(0.03, Schedule.after(1, 0.01)));

  private static final int[] EACH_FORM = {1, 5, 33, 4, 2049, 1, 2, 3, 7, 2048, 9, 2, 5, 3, 6};

  @ParameterizedTest
  @EnumSource
  void shouldRoundWeightsIntoTheModelInEveryStep(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = new MixedModel(where.on(device), 5).group("all", LAMB, EACH_FORM);
      try (Lamb lamb = model.builder().build()) {
        for (int step = 0; step < 2; step++) {
          model.nextGradients(1);
          lamb.step();
          for (Tensor t : model.tensors) {
            if (t.parameter().hasMaster()) {
              assertRounded(MixedModel.master(lamb, t), t.weights(), t.name());
            } else if (t.modelCopy() != null) {
              assertRounded(t.weights().values(), t.modelCopy(), t.name());
            }
          }
        }
      }
    }
  }

  private static void assertRounded(float[] weights, TestArray rounded, String name) {
    int[] expected = new int[weights.length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = TestArray.bitsOf(weights[i], rounded.type);
    }
    assertArrayEquals(expected, rounded.bits(), name);
    // Not representable in half precision, so it was rounded.
    float[] values = rounded.values();
    assertTrue(weights.length < 5 || !Arrays.equals(weights, values), name);
  }

  /** Rounding of the model's weights must not affect the master. */
  @ParameterizedTest
  @EnumSource
  void shouldUpdateAMasterLikeAFloatParameter(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      MixedModel halves = new MixedModel(side, 1);
      MixedModel floats = new MixedModel(side, 1);
      for (DType type : new DType[] {DType.F16, DType.BF16}) {
        Tensor half = halves.add("p" + type, new Form(type, null, DType.F32), 2050);
        Tensor full = floats.add("p" + type, new Form(DType.F32, null, DType.F32), 2050);
        full.weights().put(half.weights().values());
      }
      try (Lamb master = side.builder().group("g", LAMB, members(halves)).build();
          Lamb full = side.builder().group("g", LAMB, members(floats)).build()) {
        for (int step = 0; step < 3; step++) {
          halves.nextGradients(1);
          floats.nextGradients(1);
          master.step();
          full.step();
        }
        for (int i = 0; i < 2; i++) {
          Tensor half = halves.tensors.get(i);
          Tensor whole = floats.tensors.get(i);
          assertArrayEquals(whole.weights().values(), MixedModel.master(master, half));
          assertArrayEquals(
              MixedModel.moment(full, whole, StateArray.SECOND_MOMENT),
              MixedModel.moment(master, half, StateArray.SECOND_MOMENT));
        }
        assertEquals(full.layerStats(), master.layerStats());
      }
    }
  }

  private static Parameter[] members(MixedModel model) {
    return model.tensors.stream().map(Tensor::parameter).toArray(Parameter[]::new);
  }

  @ParameterizedTest
  @EnumSource
  void shouldUpdateWeightsTheSameWithAndWithoutAModelCopy(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      int[][] weights = new int[2][];
      for (int i = 0; i < 2; i++) {
        Form form = new Form(DType.F32, i == 0 ? null : DType.BF16, DType.F16);
        MixedModel model = new MixedModel(side, 1);
        Tensor p = model.add("p", form, 2050);
        try (Lamb lamb = side.builder().group("g", LAMB, p.parameter()).build()) {
          model.nextGradients(1);
          lamb.step();
          lamb.step();
        }
        weights[i] = p.weights().bits();
      }
      assertArrayEquals(weights[0], weights[1]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldRoundAWrittenPartOfAMaster(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      MixedModel model = new MixedModel(side, 1);
      Tensor half = model.add("half", new Form(DType.BF16, null, DType.F32), 3000);
      Tensor full = model.add("full", new Form(DType.F32, DType.F16, DType.F32), 3);
      half.weights().put(new float[3000]);
      try (Lamb lamb =
          side.builder().group("g", LAMB, half.parameter(), full.parameter()).build()) {
        float[] written = new float[2100];
        Arrays.fill(written, 1.01f);
        lamb.writeState("half", StateArray.MASTER, 700, FloatBuffer.wrap(written));
        float[] master = MixedModel.master(lamb, half);
        float[] rounded = half.weights().values();
        for (int i = 0; i < 3000; i++) {
          boolean inside = i >= 700 && i < 2800;
          assertEquals(inside ? 1.01f : 0, master[i]);
          assertEquals(inside ? 1.0078125f : 0, rounded[i]); // 1 + 2^-7, the nearest
        }
        IllegalArgumentException refusal =
            assertThrows(
                IllegalArgumentException.class,
                () -> lamb.readState("full", StateArray.MASTER, 0, FloatBuffer.allocate(3)));
        assertTrue(refusal.getMessage().contains("parameter full"), refusal.getMessage());
      }
    }
  }
}
