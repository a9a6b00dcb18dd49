package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.report.StepReport;
import io.github.lamb4j.schedule.Schedule;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A step with non-finite gradients is skipped, and only counted, or it ends the run. */
@Tag("gpu")
class NonFiniteGradientsTest {

  private static final float[] POISONS = {
    Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
  };

  /** Pairs of parameter and element: first, last of a partial tile, and in other groups. */
  private static final int[][] PLACES = {{0, 0}, {0, 2049}, {3, 2}, {5, 4}};

  private static final Schedule BY_STEP = step -> 0.01 * step;

  private static MixedModel model(Side side) {
    return new MixedModel(side, 2)
        .group("lamb", Hyperparameters.lamb(BY_STEP), 2050, 3, 0)
        .group("adamw", Hyperparameters.adamW(0.01), 5)
        .group("lans", Hyperparameters.lans(BY_STEP), 2, 7);
  }

  private static StepReport report(Lamb lamb) {
    StepReport report = lamb.newReport();
    lamb.report(report);
    return report;
  }

  /** Trains with finite gradients, with or without steps of non-finite ones in between. */
  private static String train(Side side, boolean withBadSteps, NonFiniteGradients policy) {
    MixedModel model = model(side);
    TestArray scale = side.array(DType.F32, 1, "loss scale");
    scale.put(2);
    StringBuilder bits = new StringBuilder();
    try (Lamb lamb =
        model.builder().nonFiniteGradients(policy).lossScale(side.scalar(scale)).build()) {
      int skipped = 0;
      for (int[] place : PLACES) {
        model.nextGradients(1);
        lamb.step();
        String before = model.state(lamb);
        String norms = norms(lamb);
        for (int i = 0; withBadSteps && i < POISONS.length; i++) {
          TestArray gradients = model.tensors.get(place[0]).gradients();
          int[] good = gradients.bits();
          gradients.put(place[1], POISONS[i]);
          lamb.step();
          skipped++;
          assertEquals(skipped, lamb.skippedSteps());
          gradients.putBits(good);
          assertEquals(before, model.state(lamb), "after a skipped step");
          assertEquals(norms, norms(lamb));
        }
        bits.append(model.state(lamb)).append(norms(lamb));
      }
      assertEquals(PLACES.length, lamb.stepCount());
      assertEquals(skipped, lamb.skippedSteps());
    }
    return bits.toString();
  }

  /** The lines of a report except the first, which contains the number of skipped steps. */
  private static String norms(Lamb lamb) {
    String text = MixedModel.text(report(lamb));
    return text.substring(text.indexOf('\n'));
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldLeaveNoTraceOfASkippedStep(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      assertEquals(
          train(Side.cpu(), false, NonFiniteGradients.SKIP),
          train(where.on(device), true, NonFiniteGradients.SKIP));
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldStepAsUsualWhileGradientsAreFinite(Side.Where where) {
    String expected = train(Side.cpu(), false, NonFiniteGradients.SKIP).replaceAll("norm .*", "");
    try (TestDevice device = TestDevice.open()) {
      assertEquals(expected, train(where.on(device), false, NonFiniteGradients.FAIL));
    }
  }

  /** The very first step, which has no predecessor. */
  @ParameterizedTest
  @EnumSource
  void shouldSkipTheFirstStep(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device));
      for (MixedModel.Tensor t : model.tensors) {
        if (t.modelCopy() != null) {
          float[] sevens = new float[t.modelCopy().count];
          Arrays.fill(sevens, 7);
          t.modelCopy().put(sevens);
        }
      }
      try (Lamb lamb = model.builder().nonFiniteGradients(NonFiniteGradients.SKIP).build()) {
        String before = model.state(lamb);
        int[] zeros = model.tensors.get(0).gradients().bits();
        model.tensors.get(0).gradients().put(1, Float.NaN);
        lamb.step();
        model.tensors.get(0).gradients().putBits(zeros);
        assertEquals(before, model.state(lamb));
        assertEquals(0, lamb.stepCount());
        assertEquals(1, lamb.skippedSteps());
        assertEquals(Double.NaN, report(lamb).gradientNorm());
      }
    }
  }

  private static final float[] BAD_SCALES = {
    0, -0.0f, -2, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
  };

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldSkipStepsWithAnInvalidLossScaleOrDivisor(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      List<BiFunction<LambBuilder, TestArray, LambBuilder>> ways =
          List.of(
              (b, s) -> b.lossScale(side.scalar(s)), (b, s) -> b.gradientDivisor(side.scalar(s)));
      for (BiFunction<LambBuilder, TestArray, LambBuilder> way : ways) {
        MixedModel model = new MixedModel(side, 1).group("g", Hyperparameters.lamb(0.1), 5);
        TestArray scalar = side.array(DType.F32, 1, "scalar");
        model.nextGradients(1);
        try (Lamb lamb =
            way.apply(model.builder(), scalar)
                .nonFiniteGradients(NonFiniteGradients.SKIP)
                .build()) {
          String before = model.state(lamb);
          for (float bad : BAD_SCALES) {
            scalar.put(bad);
            lamb.step();
          }
          assertEquals(before, model.state(lamb));
          assertEquals(BAD_SCALES.length, lamb.skippedSteps());
          scalar.put(1e-30f);
          lamb.step();
          assertEquals(1, lamb.stepCount());
        }
      }
    }
  }

  /** A norm that exceeds the float32 range is still finite. */
  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldTakeStepsWithLargeGradients(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model =
          new MixedModel(where.on(device), 1).group("g", Hyperparameters.lamb(0.1), 5);
      model
          .tensors
          .get(0)
          .gradients()
          .put(Float.MAX_VALUE, -Float.MAX_VALUE, Float.MAX_VALUE, 0, 0);
      try (Lamb lamb = model.builder().nonFiniteGradients(NonFiniteGradients.FAIL).build()) {
        lamb.step();
        assertEquals(Math.sqrt(3) * Float.MAX_VALUE, lamb.gradientNorm(), 1e25);
        assertEquals(0, lamb.skippedSteps());
      }
    }
  }

  /** Loss scale, maximum norm (0 for none), and whether the step must be skipped. */
  @ParameterizedTest
  @CsvSource({"0x1p-40, 0, true", "0x1p-40, 1, false", "0x1p-40, 1e39, true", "0x1p-20, 0, false"})
  void shouldSkipStepsWhoseGradientsOverflowWhenUnscaled(
      double scale, double maxNorm, boolean skipped) {
    for (Side.Where where : Side.Where.values()) {
      try (TestDevice device = TestDevice.open()) {
        MixedModel model =
            new MixedModel(where.on(device), 1).group("g", Hyperparameters.lamb(0.1), 2);
        model.tensors.get(0).gradients().put(1e30f, -1e30f);
        LambBuilder builder =
            model.builder().lossScale(Scalar.of(scale)).nonFiniteGradients(NonFiniteGradients.SKIP);
        if (maxNorm > 0) {
          builder.maxGradNorm(maxNorm);
        }
        try (Lamb lamb = builder.build()) {
          lamb.step();
          assertEquals(skipped ? 1 : 0, lamb.skippedSteps(), where::toString);
        }
      }
    }
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldSkipStepsWithANonFiniteGivenNorm(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      MixedModel model = new MixedModel(side, 1).group("g", Hyperparameters.lamb(0.1), 5);
      TestArray norm = side.array(DType.F32, 1, "norm");
      model.nextGradients(1);
      try (Lamb lamb =
          model
              .builder()
              .gradientNorm(side.scalar(norm))
              .nonFiniteGradients(NonFiniteGradients.SKIP)
              .build()) {
        norm.put(3);
        lamb.step();
        for (float poison : POISONS) {
          norm.put(poison);
          lamb.step();
        }
        assertEquals(1, lamb.stepCount());
        assertEquals(POISONS.length, lamb.skippedSteps());
        assertEquals(Double.NaN, report(lamb).gradientNorm(), "a norm is never negative");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldPropagateNonFiniteGradients(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device));
      model.nextGradients(1);
      model.tensors.get(0).gradients().put(5, Float.NaN);
      try (Lamb lamb = model.builder().nonFiniteGradients(NonFiniteGradients.PROPAGATE).build()) {
        lamb.step();
        assertEquals(1, lamb.stepCount());
        assertEquals(0, lamb.skippedSteps());
        assertTrue(Float.isNaN(model.tensors.get(0).weights().values()[0]));
        assertTrue(Float.isFinite(model.tensors.get(1).weights().values()[0]));
        assertEquals(Double.NaN, report(lamb).gradientNorm(), "nobody asks for it");
      }
    }
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldFailAtTheNextReport(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device));
      TestArray gradients = model.tensors.get(1).gradients();
      try (Lamb lamb = model.builder().nonFiniteGradients(NonFiniteGradients.FAIL).build()) {
        for (int step = 0; step < 2; step++) {
          model.nextGradients(1);
          lamb.step();
        }
        String before = model.state(lamb);
        int[] good = gradients.bits();
        gradients.put(1, Float.NEGATIVE_INFINITY);
        lamb.step();
        gradients.putBits(good);
        lamb.step(); // skipped although its gradients are finite
        assertEquals(before, model.state(lamb));
        StepReport report = lamb.newReport();
        assertFailed(() -> lamb.report(report));
        assertFailed(lamb::layerStats);
        assertFailed(lamb::gradientNorm);
        assertFailed(() -> lamb.removeParameters("adamw.0"));
        assertEquals(
            Double.POSITIVE_INFINITY, report.gradientNorm(), "that of the step that failed");
        assertEquals(2, report.skippedSteps());
        assertEquals(2, lamb.skippedSteps());
        assertEquals(2, lamb.stepCount());

        lamb.resumeAt(2);
        assertEquals(0, lamb.skippedSteps());
        assertEquals(before, model.state(lamb));
        lamb.step();
        assertEquals(afterThree(), model.bits(lamb));
      }
    }
  }

  private static void assertFailed(Runnable call) {
    IllegalStateException refusal = assertThrows(IllegalStateException.class, call::run);
    for (String part :
        new String[] {"not finite", "step 3", "Infinity", "those of step 2", "resumeAt"}) {
      assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
  }

  /** The result on the CPU of three steps, the last two with the same gradients. */
  private static String afterThree() {
    MixedModel model = model(Side.cpu());
    try (Lamb lamb = model.builder().nonFiniteGradients(NonFiniteGradients.SKIP).build()) {
      for (int step = 0; step < 3; step++) {
        if (step < 2) {
          model.nextGradients(1);
        }
        lamb.step();
      }
      return model.bits(lamb);
    }
  }

  /**
   * The schedule does not advance in a skipped step, as long as its rate is kept. {@link
   * KeptRatesTest} tests this for both backends.
   */
  @Test
  void shouldTakeTheNearestRateAfterTooManySkips() {
    Side side = Side.cpu();
    MixedModel model = new MixedModel(side, 1).group("g", Hyperparameters.adamW(BY_STEP), 3);
    TestArray norm = side.array(DType.F32, 1, "norm");
    try (Lamb lamb =
        model
            .builder()
            .gradientNorm(side.scalar(norm))
            .nonFiniteGradients(NonFiniteGradients.SKIP)
            .build()) {
      norm.put(1);
      lamb.step();
      assertEquals(BY_STEP.at(1), report(lamb).learningRate(0));
      norm.put(Float.NaN);
      for (int i = 0; i < Rates.KEPT + 2; i++) {
        lamb.step();
      }
      norm.put(1);
      lamb.step(); // the host numbers it 4100, it is step 2, and the oldest rate kept is that of
      // step 5
      StepReport report = report(lamb);
      assertEquals(2, report.step());
      assertEquals(Rates.KEPT + 2, report.skippedSteps());
      assertEquals(BY_STEP.at(5), report.learningRate(0));
      lamb.step(); // the host knows the step count again
      assertEquals(BY_STEP.at(3), report(lamb).learningRate(0));
    }
  }
}
