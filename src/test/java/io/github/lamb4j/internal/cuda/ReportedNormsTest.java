package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.LaunchReport;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.report.StepReport;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Norms of parameters without layer adaptation are summed only for a report that contains them. */
@Tag("kernels")
class ReportedNormsTest {

  private static final int[] SIZES = {5000, 3, 4096, 0, 2050, 1};

  /** The weights, the state and the report after two steps. */
  private record Outcome(List<String> bits, List<Boolean> hasNorms, List<String> norms) {}

  private static Outcome outcome(LambBuilder builder, ReportedNorms norms) {
    List<Hyperparameters> kinds =
        List.of(Hyperparameters.lamb(0.1), Hyperparameters.adamW(0.1), Hyperparameters.lans(0.1));
    TestModel model = TestModel.of(1, kinds, SIZES);
    try (Lamb lamb = model.build(builder.reportedNorms(norms).maxGradNorm(0.5))) {
      StepReport report = lamb.newReport();
      List<String> values = new ArrayList<>(text(report));
      for (int step = 0; step < 2; step++) {
        model.nextGradients();
        lamb.step();
        lamb.report(report);
        values.addAll(text(report));
      }
      List<Boolean> has = new ArrayList<>();
      for (int layer = 0; layer < report.layerCount(); layer++) {
        has.add(report.hasNorms(layer));
      }
      List<HostParameter> parameters = model.parameters();
      return new Outcome(TestModel.bits(lamb, parameters), has, values);
    }
  }

  private static List<String> text(StepReport report) {
    List<String> text = new ArrayList<>();
    for (int layer = 0; layer < report.layerCount(); layer++) {
      text.add(
          "%s w %a r %a c %a ratios %a %a"
              .formatted(
                  report.name(layer),
                  report.weightNorm(layer),
                  report.updateNorm(layer),
                  report.gradientUpdateNorm(layer),
                  report.trustRatio(layer),
                  report.gradientTrustRatio(layer)));
    }
    return text;
  }

  @ParameterizedTest
  @EnumSource(ReportedNorms.class)
  void shouldReportTheSameOnEveryBackend(ReportedNorms norms) {
    Outcome expected = outcome(Lamb.onCpu(), norms);
    for (StepPath path : StepPath.values()) {
      try (TestDevice device = TestDevice.open()) {
        assertEquals(
            expected, outcome(LambBuilders.staged(device.driver()).path(path), norms), "" + path);
      }
    }
  }

  @Test
  void shouldChangeOnlyTheNormsOfParametersWithoutAdaptation() {
    Outcome all = outcome(Lamb.onCpu(), ReportedNorms.ALL);
    Outcome adapted = outcome(Lamb.onCpu(), ReportedNorms.ADAPTED);
    int layers = all.hasNorms.size();
    // After weights and moments, the bits list the norms.
    assertEquals(all.bits.subList(0, layers), adapted.bits.subList(0, layers));
    assertFalse(all.hasNorms.contains(false));
    for (int i = 0; i < all.norms.size(); i++) {
      boolean has = adapted.hasNorms.get(i % layers);
      assertEquals(has, !adapted.norms.get(i).contains("w NaN r NaN c NaN"), adapted.norms.get(i));
      if (has) {
        assertEquals(all.norms.get(i), adapted.norms.get(i));
      }
    }
    assertEquals(List.of(true, true, false, false, true, true), adapted.hasNorms);
  }

  @Test
  void shouldNotSumSquaresThatNobodyReads() {
    assertEquals(
        List.of("begin_step", "unadapted_norms", "trust_ratio"), kernels(ReportedNorms.ALL));
    assertEquals(List.of("begin_step", "unadapted"), kernels(ReportedNorms.ADAPTED));
  }

  private static List<String> kernels(ReportedNorms norms) {
    int count = 3 * 2048;
    float[] weights = new float[count];
    weights[0] = 1;
    try (TestDevice device = TestDevice.open();
        Lamb lamb =
            LambBuilders.staged(device.driver())
                .reportedNorms(norms)
                .group(
                    "all",
                    Hyperparameters.adamW(0.1),
                    Parameter.onHost("w", weights, new float[count]))
                .build()) {
      device.emulator().forgetLaunches();
      lamb.step();
      List<LaunchReport> launches = device.emulator().launches();
      assertEquals(28.0 * count, TrafficTest.modelBytes(launches));
      long sums =
          launches.stream()
              .mapToLong(launch -> launch.stored().getOrDefault(Purpose.PARTIAL_SUMS, 0L))
              .sum();
      assertEquals(norms == ReportedNorms.ALL ? 3 * CudaLayout.PARTIAL : 0, sums);
      assertTrue(
          launches.stream()
              .noneMatch(
                  launch ->
                      launch.stored().containsKey(Purpose.TAGGED_WORDS)
                          || launch.stored().containsKey(Purpose.ARRIVALS)));
      return launches.stream().map(LaunchReport::kernel).toList();
    }
  }

  @Test
  void shouldRejectNull() {
    assertThrows(IllegalArgumentException.class, () -> Lamb.onCpu().reportedNorms(null));
  }
}
