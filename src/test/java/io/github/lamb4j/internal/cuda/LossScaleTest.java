package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.cuda.MixedModel.Form;
import io.github.lamb4j.internal.cuda.MixedModel.Tensor;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.StepReport;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Loss scales, gradient divisors and gradient norms given by the program. */
@Tag("gpu")
class LossScaleTest {

  /** The first moment equals the unscaled gradient. */
  private static final Hyperparameters PLAIN = Hyperparameters.lamb(0.01).withBetas(0, 0.999);

  private static final int[] SIZES = {2049, 3, 0, 5, 1, 7, 9};

  /** Trains with gradients scaled by a different factor in each step. */
  private static String train(
      Side side, BiFunction<LambBuilder, TestArray, LambBuilder> options, float... scales) {
    MixedModel model =
        new MixedModel(side, 2)
            .group("lamb", Hyperparameters.lamb(0.02), SIZES)
            .group("adamw", Hyperparameters.adamW(0.01), 9);
    TestArray scalar = side.array(DType.F32, 2, "scalars");
    StringBuilder bits = new StringBuilder();
    try (Lamb lamb = options.apply(model.builder(), scalar).build()) {
      for (float scale : scales) {
        model.nextGradients(scale);
        scalar.put(scale, Float.NaN);
        lamb.step();
        // Without the bits of the gradients, which differ.
        bits.append(model.bits(lamb).replaceAll(" g \\w+", ""));
      }
    }
    return bits.toString();
  }

  private static final float[] ONES = {1, 1};

  @ParameterizedTest
  @EnumSource
  void shouldUndoPowersOfTwoExactly(Side.Where where) {
    String expected = train(Side.cpu(), (b, s) -> b.maxGradNorm(20), ONES);
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      assertEquals(
          expected,
          train(side, (b, s) -> b.maxGradNorm(20).lossScale(Scalar.of(1024)), 1024, 1024));
      // A scalar read by each step, then constants, then a scalar divisor.
      assertEquals(
          expected, train(side, (b, s) -> b.maxGradNorm(20).lossScale(side.scalar(s)), 0.125f, 64));
      assertEquals(
          expected,
          train(
              side,
              (b, s) -> b.maxGradNorm(20).lossScale(Scalar.of(0.25)).gradientDivisor(Scalar.of(4)),
              ONES));
      assertEquals(
          expected,
          train(
              side,
              (b, s) -> b.maxGradNorm(20).lossScale(Scalar.of(1)).gradientDivisor(side.scalar(s)),
              16,
              2));
    }
  }

  /** One parameter with gradients 3 and -4, times a scale, after one step. */
  private static final class ThreeAndFour implements AutoCloseable {
    final Tensor p;
    final TestArray scalars;
    final Lamb lamb;

    ThreeAndFour(Side side, BiFunction<LambBuilder, TestArray, LambBuilder> options, float scale) {
      this(side, DType.F32, options, scale);
    }

    ThreeAndFour(
        Side side,
        DType type,
        BiFunction<LambBuilder, TestArray, LambBuilder> options,
        float scale) {
      p = new MixedModel(side, 1).add("p", new Form(DType.F32, null, type), 2);
      p.gradients().put(3 * scale, -4 * scale);
      scalars = side.array(DType.F32, 1, "scalar");
      scalars.put(scale);
      lamb = options.apply(side.builder().group("g", PLAIN, p.parameter()), scalars).build();
      lamb.step();
    }

    float[] gradients() {
      return MixedModel.moment(lamb, p, StateArray.FIRST_MOMENT);
    }

    @Override
    public void close() {
      lamb.close();
    }
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldClipTheTrueNorm(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      for (DType type : DType.values()) {
        try (ThreeAndFour x =
            new ThreeAndFour(
                side, type, (b, s) -> b.lossScale(side.scalar(s)).maxGradNorm(2.5), 64)) {
          assertEquals(5, x.lamb.gradientNorm());
          assertArrayEquals(new float[] {1.5f, -2}, x.gradients());
        }
        try (ThreeAndFour x =
            new ThreeAndFour(
                side, type, (b, s) -> b.lossScale(side.scalar(s)).maxGradNorm(5), 64)) {
          assertArrayEquals(new float[] {3, -4}, x.gradients());
        }
      }
    }
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldRoundOnceForAnyScale(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      try (ThreeAndFour x =
          new ThreeAndFour(
              side, (b, s) -> b.lossScale(Scalar.of(0.7)).gradientDivisor(side.scalar(s)), 11)) {
        double scale = 1 / (0.7 * 11);
        assertArrayEquals(new float[] {(float) (33 * scale), (float) (-44 * scale)}, x.gradients());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldReadScalarsAtEveryStep(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      try (ThreeAndFour x = new ThreeAndFour(side, (b, s) -> b.lossScale(side.scalar(s)), 2)) {
        for (float scale : new float[] {4, 0.5f, 1}) {
          x.scalars.put(scale);
          x.lamb.step();
          assertArrayEquals(new float[] {6 / scale, -8 / scale}, x.gradients());
        }
      }
    }
  }

  /** The norm of the scaled gradients, if there is a loss scale. */
  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldUseAGivenNorm(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      try (ThreeAndFour x =
          new ThreeAndFour(
              side,
              (b, s) -> b.gradientNorm(side.scalar(s)).maxGradNorm(2).lossScale(Scalar.of(2)),
              16)) {
        assertEquals(16 / 2, x.lamb.gradientNorm());
        // 48 and -64, clipped from norm 8 to 2 and divided by the loss scale 2.
        assertArrayEquals(new float[] {6, -8}, x.gradients());
        x.scalars.put(3);
        x.lamb.step();
        assertEquals(1.5, x.lamb.gradientNorm());
        assertArrayEquals(new float[] {24, -32}, x.gradients());
      }
    }
  }

  /** An invalid loss scale propagates through the formulas, like a gradient. */
  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldPropagateAnInvalidScale(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      BiFunction<LambBuilder, TestArray, LambBuilder> scaled =
          (b, s) -> b.lossScale(side.scalar(s));
      try (ThreeAndFour x = new ThreeAndFour(side, scaled, -1)) {
        assertArrayEquals(new float[] {3, -4}, x.gradients());
        x.scalars.put(Float.POSITIVE_INFINITY);
        x.lamb.step();
        assertArrayEquals(new float[] {0, 0}, x.gradients(), 0);
        x.scalars.put(0);
        x.lamb.step();
        assertEquals(Float.NEGATIVE_INFINITY, x.gradients()[0]);
        x.scalars.put(Float.NaN);
        x.lamb.step();
        assertEquals(Float.NaN, x.gradients()[1]);
        assertEquals(4, x.lamb.stepCount());
      }
    }
  }

  /** The first invalid product is reported until the program has restored a state. */
  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldNameAnInvalidScale(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      try (ThreeAndFour x =
          new ThreeAndFour(side, (b, s) -> b.maxGradNorm(9).gradientDivisor(side.scalar(s)), 1)) {
        StepReport report = x.lamb.newReport();
        for (float divisor :
            new float[] {0, -0f, -2, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
          x.lamb.report(report);
          for (float each : new float[] {divisor, -3, 1}) {
            x.scalars.put(each);
            x.lamb.step();
          }
          String named = "loss scale times divisor was " + (double) divisor;
          for (Executable call :
              List.<Executable>of(
                  () -> x.lamb.report(report), x.lamb::layerStats, x.lamb::gradientNorm)) {
            assertUntimely(call, named, "finite and above 0", "resumeAt", "SKIP");
          }
          x.scalars.put(divisor);
          x.lamb.step();
          assertUntimely(() -> x.lamb.report(report), named);
          assertEquals(Double.NaN, report.gradientNorm(), "filled, and not negative");
          x.lamb.resumeAt(0);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldNeverWriteToGradients(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      MixedModel model =
          new MixedModel(side, 2)
              .group("lamb", PLAIN, 33, 5, 3, 2, 1, 31, 5, 2, 3, 7, 64, 9)
              .group("lans", Hyperparameters.lans(0.1), 5, 7);
      TestArray scale = side.array(DType.F32, 1, "scalar");
      scale.put(3);
      model.nextGradients(1);
      int[][] before = new int[model.tensors.size()][];
      for (int i = 0; i < before.length; i++) {
        before[i] = model.tensors.get(i).gradients().bits();
        before[i][0] = TestArray.bitsOf(-0.0f, model.tensors.get(i).gradients().type);
        before[i][before[i].length - 1] = 1; // a subnormal
        model.tensors.get(i).gradients().putBits(before[i]);
      }
      try (Lamb lamb =
          model
              .builder()
              .maxGradNorm(0.01)
              .lossScale(side.scalar(scale))
              .gradientDivisor(Scalar.of(7))
              .build()) {
        lamb.step();
        scale.put(Float.NaN);
        lamb.step();
      }
      for (int i = 0; i < before.length; i++) {
        assertArrayEquals(before[i], model.tensors.get(i).gradients().bits());
      }
    }
  }
}
