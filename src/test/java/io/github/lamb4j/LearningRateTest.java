package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Learning rates that the program sets, and what a state records of them. */
class LearningRateTest {

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = directory.resolve("state.safetensors");
  }

  private static Parameter parameter(String name) {
    return Parameter.onHost(name, new float[] {1, 2}, new float[] {1, -1});
  }

  private static Lamb build(Hyperparameters hyperparameters) {
    return Lamb.onCpu()
        .group("a", hyperparameters, parameter("w"))
        .group("b", Hyperparameters.adamW(step -> 0.01 * step), parameter("x"))
        .build();
  }

  private static List<Double> rates(Lamb lamb) {
    StepReport report = lamb.newReport();
    lamb.report(report);
    return List.of(report.learningRate(0), report.learningRate(1));
  }

  private String saved(Lamb lamb, int group) throws IOException {
    lamb.save(file);
    try (SafetensorsFile state = SafetensorsFile.open(file)) {
      return state.metadata().get("group.%d.learning_rate".formatted(group));
    }
  }

  @Test
  void shouldSetTheRateOfAllGroups() {
    try (Lamb lamb = build(Hyperparameters.lamb(0.5))) {
      lamb.setLearningRate(0.25);
      assertRefused(() -> lamb.setLearningRate(-1), "learning rate -1.0", "at least 0");
      lamb.step();
      assertEquals(List.of(0.25, 0.25), rates(lamb));
    }
  }

  @Test
  void shouldUseARateFromTheNextStepOnUntilTheNextCall() {
    try (Lamb lamb = build(Hyperparameters.lamb(0.5))) {
      assertEquals(0.5, lamb.learningRate("a"));
      lamb.step();
      lamb.setLearningRate("a", 0.25);
      assertEquals(0.25, lamb.learningRate("a"));
      assertEquals(0.02, lamb.learningRate("b"));
      assertEquals(List.of(0.5, 0.01), rates(lamb));
      lamb.step();
      assertEquals(List.of(0.25, 0.02), rates(lamb));
      lamb.step();
      assertEquals(List.of(0.25, 0.03), rates(lamb));
      lamb.setLearningRate("b", 0);
      lamb.setLearningRate("a", 3);
      lamb.step();
      assertEquals(List.of(3.0, 0.0), rates(lamb));
    }
  }

  /** Also where the program changes the groups or the step count. */
  @Test
  void shouldKeepARateWhenGroupsChange() throws IOException {
    try (Lamb lamb = build(Hyperparameters.lamb(0.5))) {
      lamb.setLearningRate("b", 0.125);
      lamb.step();
      lamb.addGroup(new ParameterGroup("c", Hyperparameters.lamb(0.75), List.of(parameter("y"))));
      assertEquals("0.125", saved(lamb, 1));
      assertEquals("0.5", saved(lamb, 0));
      lamb.setLearningRate("c", 0.0625);
      lamb.removeParameters("w");
      assertEquals(0.125, lamb.learningRate("b"));
      lamb.step();
      assertEquals(List.of(0.125, 0.0625), rates(lamb));
      lamb.resumeAt(7);
      assertEquals(0.125, lamb.learningRate("b"));
      assertEquals("0.0625", saved(lamb, 1));
    }
  }

  @Test
  void shouldSaveTheRateOfTheLastStep() throws IOException {
    Hyperparameters corrected =
        Hyperparameters.lamb(0.5).withBiasCorrection(BiasCorrection.LEARNING_RATE);
    try (Lamb lamb = build(corrected)) {
      lamb.step();
      lamb.setLearningRate("a", 0.25);
      assertEquals("0.5", saved(lamb, 0), "the step before had the rate of the schedule");
      lamb.step();
      lamb.setLearningRate("a", 0.125);
      assertEquals("0.25", saved(lamb, 0), "without the bias correction");
      lamb.load(file, LoadOption.OTHER_LEARNING_RATE);
      assertEquals("0.25", saved(lamb, 0), "that of the file");
      lamb.step();
      assertEquals("0.125", saved(lamb, 0));
    }
  }

  @Test
  void shouldCompareTheSavedRateWithTheOneItWouldUse() throws IOException {
    try (Lamb lamb = build(Hyperparameters.lamb(0.5));
        Lamb resumed = build(Hyperparameters.lamb(0.5))) {
      lamb.setLearningRate("a", 0.3);
      lamb.step();
      lamb.save(file);
      assertRefused(
          () -> resumed.load(file),
          "group \"a\": learningRate of step 1 was 0.3 and is 0.5 here",
          "call setLearningRate(\"a\", 0.3) before loading",
          "LoadOption.OTHER_LEARNING_RATE");
      resumed.load(file, LoadOption.OTHER_LEARNING_RATE);
      assertEquals(0.5, resumed.learningRate("a"));
      resumed.load(file, LoadOption.OTHER_HYPERPARAMETERS);
      resumed.setLearningRate("a", 0.3);
      resumed.load(file);
      assertEquals(0.3, resumed.learningRate("a"));
    }
  }

  /** The option accepts no other difference. */
  @Test
  void shouldStillCompareOtherHyperparameters() throws IOException {
    try (Lamb lamb = build(Hyperparameters.lamb(0.5));
        Lamb other = build(Hyperparameters.lamb(0.4).withEpsilon(1e-3))) {
      lamb.step();
      lamb.save(file);
      assertRefused(() -> other.load(file, LoadOption.OTHER_LEARNING_RATE), "epsilon was 1.0E-6");
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void shouldRejectRatesOutOfRange(double rate) {
    try (Lamb lamb = build(Hyperparameters.lamb(0.5))) {
      assertRefused(
          () -> lamb.setLearningRate("a", rate),
          "group a: learning rate " + rate,
          "finite and at least 0");
      assertEquals(0.5, lamb.learningRate("a"));
    }
  }

  @Test
  void shouldRejectUnknownGroups() {
    Lamb lamb = build(Hyperparameters.lamb(0.5));
    assertRefused(() -> lamb.setLearningRate("w", 1), "group w: unknown", "groups()");
    assertRefused(() -> lamb.setLearningRate(null, 1), "group null: unknown");
    assertRefused(() -> lamb.learningRate("c"), "group c: unknown", "groups()");
    lamb.close();
    assertUntimely(() -> lamb.setLearningRate("a", 1), "closed");
    assertUntimely(() -> lamb.learningRate("a"), "closed");
  }
}
