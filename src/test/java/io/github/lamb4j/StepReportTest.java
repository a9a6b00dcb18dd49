package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.report.StepReport;
import io.github.lamb4j.schedule.Schedule;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The contents of a report over an optimizer's life. */
class StepReportTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);

  private final float[] w = {3, 4};
  private final float[] g = {0.6f, 0.8f};
  private final float[] unadapted = {1};

  /** Two groups: a layer with elements and an empty one, then a layer without adaptation. */
  private LambBuilder builder() {
    return Lamb.onCpu()
        .group(
            "weights",
            LAMB,
            Parameter.onHost("w", w, g),
            Parameter.onHost("empty", new float[0], new float[0]))
        .group(
            "biases",
            Hyperparameters.adamW(Schedule.piecewise(0.01, Schedule.after(1, 0.02))),
            Parameter.onHost("b", unadapted, new float[] {0}))
        .threads(1);
  }

  private static StepReport reportOf(Lamb lamb) {
    StepReport report = lamb.newReport();
    lamb.report(report);
    return report;
  }

  @Test
  void shouldAgreeWithOtherCalls() {
    try (Lamb lamb = builder().maxGradNorm(0.5).build()) {
      StepReport report = lamb.newReport();
      for (int step = 1; step <= 3; step++) {
        lamb.step();
        lamb.report(report);
        assertEquals(step, report.step());
        assertEquals(lamb.stepCount(), report.step());
        assertEquals(lamb.skippedSteps(), report.skippedSteps());
        assertEquals(lamb.gradientNorm(), report.gradientNorm());
        assertEquals(1, report.gradientNorm(), 1e-7);
        List<LayerStats> norms = lamb.layerStats();
        assertEquals(3, report.layerCount());
        assertEquals(3, norms.size());
        for (int i = 0; i < 3; i++) {
          LayerStats expected =
              new LayerStats(
                  report.name(i), report.weightNorm(i), report.updateNorm(i), report.trustRatio(i));
          assertEquals(expected, norms.get(i));
        }
      }
    }
  }

  @Test
  void shouldNameGroupsAndLayersInOrder() {
    try (Lamb lamb = builder().build()) {
      StepReport report = lamb.newReport();
      assertEquals(2, report.groupCount());
      assertEquals("weights", report.groupName(0));
      assertEquals("biases", report.groupName(1));
      assertEquals("w", report.name(0));
      assertEquals("empty", report.name(1));
      assertEquals("b", report.name(2));
    }
  }

  @Test
  void shouldMatchFormula() {
    try (Lamb lamb = builder().maxGradNorm(10).build()) {
      lamb.step();
      StepReport report = reportOf(lamb);
      // At the first step, mhat / sqrt(vhat) is the gradient's sign, here 1, and r adds 0.01 w.
      assertEquals(5, report.weightNorm(0));
      assertEquals(Math.hypot(1.03, 1.04), report.updateNorm(0), 1e-5);
      assertEquals(5 / report.updateNorm(0), report.trustRatio(0));
      assertEquals(1, report.gradientNorm(), 1e-7);
      assertEquals(0.1, report.learningRate(0));
    }
  }

  @Test
  void shouldReportZeroNormsAndRatioOneForEmptyLayer() {
    try (Lamb lamb = builder().build()) {
      lamb.step();
      StepReport report = reportOf(lamb);
      assertEquals(0, report.weightNorm(1));
      assertEquals(0, report.updateNorm(1));
      assertEquals(1, report.trustRatio(1));
    }
  }

  @Test
  void shouldBeEmptyBeforeFirstStep() {
    try (Lamb lamb = builder().maxGradNorm(1).build()) {
      assertIsEmpty(lamb.newReport(), 0);
      assertIsEmpty(reportOf(lamb), 0);
    }
  }

  @Test
  void shouldClearMetricsWhenResumed() {
    try (Lamb lamb = builder().maxGradNorm(1).build()) {
      lamb.step();
      StepReport report = reportOf(lamb);
      lamb.resumeAt(40);
      lamb.report(report);
      assertIsEmpty(report, 40);
      lamb.step();
      lamb.report(report);
      assertEquals(41, report.step());
      assertTrue(report.weightNorm(0) > 4);
    }
  }

  private static void assertIsEmpty(StepReport report, long step) {
    assertEquals(step, report.step());
    assertEquals(0, report.skippedSteps());
    assertEquals(Double.NaN, report.gradientNorm());
    for (int group = 0; group < report.groupCount(); group++) {
      assertEquals(0, report.learningRate(group));
    }
    for (int layer = 0; layer < report.layerCount(); layer++) {
      assertEquals(0, report.weightNorm(layer));
      assertEquals(0, report.updateNorm(layer));
      assertEquals(1, report.trustRatio(layer));
      assertEquals(0, report.gradientUpdateNorm(layer));
      assertEquals(1, report.gradientTrustRatio(layer));
    }
  }

  @Test
  void shouldReportNaNWhenGradientNormIsNotComputed() {
    try (Lamb plain = builder().build();
        Lamb scaled = builder().lossScale(Scalar.of(2)).build();
        Lamb given = builder().gradientNorm(Scalar.onHost(new float[] {7})).build()) {
      for (Lamb lamb : List.of(plain, scaled)) {
        lamb.step();
        assertEquals(Double.NaN, reportOf(lamb).gradientNorm());
      }
      given.step();
      assertEquals(7, reportOf(given).gradientNorm());
    }
  }

  @Test
  void shouldKeepNormsOfLastCompletedStepWhenStepIsSkipped() {
    try (Lamb lamb = builder().nonFiniteGradients(NonFiniteGradients.SKIP).build()) {
      lamb.step();
      StepReport taken = reportOf(lamb);
      g[0] = Float.POSITIVE_INFINITY;
      w[0] = 99;
      lamb.step();
      StepReport report = reportOf(lamb);
      assertEquals(1, report.step());
      assertEquals(1, report.skippedSteps());
      assertEquals(Double.POSITIVE_INFINITY, report.gradientNorm());
      assertEquals(1, taken.gradientNorm(), 1e-7);
      assertSameNorms(taken, report);

      g[0] = 0.6f;
      lamb.step();
      lamb.report(report);
      assertEquals(2, report.step());
      assertEquals(1, report.skippedSteps());
      assertEquals(1, report.gradientNorm(), 1e-7);
      assertTrue(report.weightNorm(0) > 98);
      assertEquals(0.02, report.learningRate(1), "the group's second step, the skipped one aside");
    }
  }

  private static void assertSameNorms(StepReport expected, StepReport actual) {
    for (int group = 0; group < expected.groupCount(); group++) {
      assertEquals(expected.learningRate(group), actual.learningRate(group));
    }
    for (int layer = 0; layer < expected.layerCount(); layer++) {
      assertEquals(expected.weightNorm(layer), actual.weightNorm(layer));
      assertEquals(expected.updateNorm(layer), actual.updateNorm(layer));
      assertEquals(expected.trustRatio(layer), actual.trustRatio(layer));
    }
  }

  @Test
  void shouldMentionSkippedStepsWhenNoStepWasTaken() {
    g[1] = Float.NaN;
    try (Lamb lamb = builder().nonFiniteGradients(NonFiniteGradients.SKIP).build()) {
      lamb.step();
      assertUntimely(lamb::layerStats, "no step has been taken yet, 1 skipped");
      StepReport report = reportOf(lamb);
      assertEquals(Double.NaN, report.gradientNorm());
      assertEquals(0, report.weightNorm(0));
      assertEquals(0, report.learningRate(0));
    }
  }

  @Test
  void shouldFillReportOfHaltedRun() {
    try (Lamb lamb = builder().nonFiniteGradients(NonFiniteGradients.FAIL).build()) {
      lamb.step();
      g[1] = Float.NEGATIVE_INFINITY;
      lamb.step();
      lamb.step();
      StepReport report = lamb.newReport();
      assertUntimely(() -> lamb.report(report), "step 2: gradients are not finite", "Infinity");
      assertEquals(1, report.step());
      assertEquals(2, report.skippedSteps());
      assertEquals(Double.POSITIVE_INFINITY, report.gradientNorm());
      assertEquals(5, report.weightNorm(0));
    }
  }

  @Test
  void shouldReportBothTermsOfLans() {
    Hyperparameters lans = Hyperparameters.lans(0.1).withWeightDecay(0);
    try (Lamb lamb = Lamb.onCpu().group("all", lans, Parameter.onHost("w", w, g)).build()) {
      lamb.step();
      StepReport report = reportOf(lamb);
      // At the first step, mhat equals g, so the two terms are the same.
      assertEquals(Math.sqrt(2), report.updateNorm(0), 1e-5);
      assertEquals(report.updateNorm(0), report.gradientUpdateNorm(0), 1e-5);
      assertEquals(5 / report.gradientUpdateNorm(0), report.gradientTrustRatio(0));

      g[0] = -0.6f;
      lamb.step();
      lamb.report(report);
      assertTrue(
          report.gradientUpdateNorm(0) > 1.2 * report.updateNorm(0), "m averages, g does not");
      assertEquals(
          report.weightNorm(0) / report.gradientUpdateNorm(0), report.gradientTrustRatio(0));
    }
  }

  @Test
  void shouldReportNoSecondTermForLamb() {
    try (Lamb lamb = builder().build()) {
      lamb.step();
      assertEquals(0, reportOf(lamb).gradientUpdateNorm(0));
      assertEquals(1, reportOf(lamb).gradientTrustRatio(0));
    }
  }

  @Test
  void shouldReportLearningRateWithBiasCorrection() {
    Hyperparameters folded =
        LAMB.withBetas(0.5, 0.75).withBiasCorrection(BiasCorrection.LEARNING_RATE);
    try (Lamb lamb =
        Lamb.onCpu()
            .group("folded", folded, Parameter.onHost("w", w, g))
            .group(
                "plain",
                folded.withBiasCorrection(BiasCorrection.MOMENTS),
                Parameter.onHost("b", unadapted, new float[1]))
            .build()) {
      lamb.step();
      StepReport report = reportOf(lamb);
      assertEquals(0.1 * (Math.sqrt(0.25) / 0.5), report.learningRate(0));
      assertEquals(0.1, report.learningRate(1));
      lamb.step();
      lamb.report(report);
      assertEquals(0.1 * (Math.sqrt(1 - 0.75 * 0.75) / 0.75), report.learningRate(0));
    }
  }

  @Test
  void shouldRejectForeignReport() {
    try (Lamb lamb = builder().build();
        Lamb twin = builder().build()) {
      lamb.step();
      assertRefused(() -> lamb.report(null), "report: null", "newReport()");
      assertRefused(
          () -> lamb.report(twin.newReport()),
          "report: created for another optimizer",
          "newReport()");
      StepReport report = lamb.newReport();
      lamb.report(report);
      lamb.addGroup(
          new ParameterGroup(
              "late", LAMB, List.of(Parameter.onHost("late", new float[1], new float[1]))));
      assertRefused(
          () -> lamb.report(report), "report: created for another optimizer", "newReport()");
      assertEquals(1, report.step());
      assertEquals(3, report.layerCount());
      StepReport before = lamb.newReport();
      lamb.removeParameters("late");
      assertRefused(
          () -> lamb.report(before), "report: created for another optimizer", "newReport()");
    }
  }

  @Test
  void shouldRejectReportAfterClose() {
    Lamb lamb = builder().build();
    StepReport report = lamb.newReport();
    lamb.close();
    assertUntimely(() -> lamb.report(report), "closed");
  }

  @Test
  void shouldCountStepsOfOptimizerWhenGroupsChange() {
    try (Lamb lamb = builder().build()) {
      lamb.step();
      lamb.step();
      lamb.addGroup(
          new ParameterGroup(
              "late",
              LAMB.withLearningRate(Schedule.piecewise(7, Schedule.after(1, 8))),
              List.of(Parameter.onHost("late", new float[] {2}, new float[] {1}))));
      assertIsEmpty(reportOf(lamb), 2);
      lamb.step();
      StepReport report = reportOf(lamb);
      assertEquals(3, report.step());
      assertEquals("late", report.groupName(2));
      assertEquals(7, report.learningRate(2), "the rate of the group's own first step");
      assertEquals(2, report.weightNorm(3));

      lamb.removeParameters("w", "empty", "b");
      lamb.step();
      report = reportOf(lamb);
      assertEquals(1, report.layerCount());
      assertEquals(4, report.step());
      assertEquals(8, report.learningRate(0));
    }
  }

  @Test
  void shouldFindExtremeRatiosOfAdaptedNonemptyLayers() {
    float[][] weights = {{50}, {70}, {0}, {60}, {70}, {50}};
    LambBuilder builder =
        Lamb.onCpu()
            .group("empty", LAMB, Parameter.onHost("empty", new float[0], new float[0]))
            .group(
                "unadapted",
                LAMB.withLayerAdaptation(LayerAdaptation.NEVER),
                Parameter.onHost("one", new float[] {80}, new float[] {1}));
    for (int i = 0; i < weights.length; i++) {
      // Weights of at least 50 give ratios above 1; the zero weight has ratio 1.
      builder.group(
          "group " + i,
          LAMB.withWeightDecay(0),
          Parameter.onHost("p" + i, weights[i], new float[] {1}));
    }
    try (Lamb lamb = builder.build()) {
      lamb.step();
      StepReport report = reportOf(lamb);
      assertEquals("p2", report.name(report.layerOfSmallestTrustRatio()));
      assertEquals("p1", report.name(report.layerOfLargestTrustRatio()));
      lamb.removeParameters("p2");
      lamb.step();
      report = reportOf(lamb);
      assertEquals("p0", report.name(report.layerOfSmallestTrustRatio()));
      assertTrue(report.trustRatio(report.layerOfSmallestTrustRatio()) > 40);
      lamb.removeParameters("p0", "p1", "p3", "p4", "p5");
      lamb.step();
      report = reportOf(lamb);
      assertEquals(-1, report.layerOfSmallestTrustRatio());
      assertEquals(-1, report.layerOfLargestTrustRatio());
      assertEquals("step 3, 0 skipped, learning rate 0.1000", report.toString());
    }
  }

  @Test
  void shouldPreferNaNRatios() {
    float[] gradients = {1, Float.NaN, 2, Float.NaN, 3};
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 0; i < gradients.length; i++) {
      parameters.add(Parameter.onHost("p" + i, new float[] {1}, new float[] {gradients[i]}));
    }
    LambBuilder builder = Lamb.onCpu().group("all", LAMB, parameters);
    try (Lamb lamb = builder.build()) {
      lamb.step();
      StepReport report = reportOf(lamb);
      assertEquals(Double.NaN, report.trustRatio(3));
      assertEquals(1, report.layerOfSmallestTrustRatio());
      assertEquals(1, report.layerOfLargestTrustRatio());
    }
  }

  @Test
  void shouldFormatOneLineInAnyLocale() {
    Locale usual = Locale.getDefault();
    try (Lamb lamb = builder().nonFiniteGradients(NonFiniteGradients.SKIP).build()) {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      lamb.step();
      assertEquals(
          "step 1, 0 skipped, gradient norm 1.000, learning rate 0.01000 to 0.1000,"
              + " trust ratio 3.416 (w) to 3.416 (w)",
          reportOf(lamb).toString());
    } finally {
      Locale.setDefault(usual);
    }
  }

  @Test
  void shouldNotAllocateWhenRefilled() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Lamb lamb = builder().maxGradNorm(1).build()) {
      StepReport report = lamb.newReport();
      // The minimum of several rounds, because the JVM allocates on this thread while warming up.
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 10; round++) {
        lamb.step();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 50; i++) {
          lamb.report(report);
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(0, least);
    }
  }
}
