package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Learning rates that the program sets, on every backend. */
@Tag("gpu")
class SetLearningRateTest {

  @TempDir Path directory;

  private static MixedModel model(Side side) {
    return new MixedModel(side, 3)
        .group("lamb", Hyperparameters.lamb(step -> 0.01 * step), 33, 5)
        .group("adamw", Hyperparameters.adamW(0.5), 7);
  }

  private static double rate(Lamb lamb, int group) {
    StepReport report = lamb.newReport();
    lamb.report(report);
    return report.learningRate(group);
  }

  private List<String> saved(Lamb lamb) throws IOException {
    Path file = directory.resolve("state.safetensors");
    lamb.save(file);
    try (SafetensorsFile state = SafetensorsFile.open(file)) {
      return List.of(
          state.metadata().get("group.0.learning_rate"),
          state.metadata().get("group.1.learning_rate"));
    }
  }

  /** The host does not know of the skipped step, and the rate still holds for the next one. */
  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldHoldForTheNextStepEvenIfStepsWereSkipped(Side.Where where) throws IOException {
    try (TestDevice device = TestDevice.open()) {
      Side side = where.on(device);
      MixedModel model = model(side);
      TestArray scale = side.array(DType.F32, 1, "scale");
      model.nextGradients(1);
      try (Lamb lamb =
          model
              .builder()
              .lossScale(side.scalar(scale))
              .nonFiniteGradients(NonFiniteGradients.SKIP)
              .build()) {
        for (float each : new float[] {1, Float.NaN, 0, 1, 1}) {
          lamb.setLearningRate("adamw", lamb.learningRate("adamw") / 2);
          scale.put(each);
          lamb.step();
        }
        assertEquals(0.5 / 32, rate(lamb, 1));
        assertEquals(0.03, rate(lamb, 0));
        assertEquals(List.of("0.03", "0.015625"), saved(lamb));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldGiveTheBitsOfASchedule(Side.Where where) {
    double[] rates = {0.1, 0.3, 0.3, 0};
    try (TestDevice device = TestDevice.open()) {
      MixedModel set = model(where.on(device));
      MixedModel scheduled =
          new MixedModel(Side.cpu(), 3)
              .group("lamb", Hyperparameters.lamb(step -> rates[(int) step - 1]), 33, 5)
              .group("adamw", Hyperparameters.adamW(0.5), 7);
      try (Lamb lamb = set.builder().build();
          Lamb other = scheduled.builder().build()) {
        for (double rate : rates) {
          set.nextGradients(1);
          scheduled.nextGradients(1);
          lamb.setLearningRate("lamb", rate);
          lamb.step();
          other.step();
        }
        assertEquals(scheduled.bits(other), set.bits(lamb));
      }
    }
  }

  /** Replays take the prepared rates; a set one is prepared like those of a schedule. */
  @Test
  void shouldReplayPreparedRates() throws IOException {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(Side.cuda(device, StepPath.SINGLE_PASS));
      model.nextGradients(1);
      try (Lamb lamb = model.builder().build()) {
        lamb.step();
        lamb.setLearningRate("adamw", 0.25);
        lamb.prepareReplays(3);
        lamb.setLearningRate("adamw", 0.125);
        try (Graph graph = device.capture(lamb::step)) {
          graph.replay();
          graph.replay();
          assertEquals(List.of("0.03", "0.25"), saved(lamb));
          lamb.step();
          assertEquals(List.of("0.04", "0.125"), saved(lamb));
          lamb.prepareReplays(1);
          assertEquals(List.of("0.04", "0.125"), saved(lamb));
          graph.replay();
          graph.replay(); // beyond the prepared steps
          assertEquals(List.of("0.05", "0.125"), saved(lamb));
        }
      }
    }
  }
}
