package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.MixedModel.Tensor;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Freezing and unfreezing parameters during training. */
@Tag("gpu")
class FreezeTest {

  private static final String[] FROZEN = {"lamb.1", "lamb.3", "lans.0", "adamw.2"};

  /** Parameters of every form; those in {@link #FROZEN} may be empty. */
  private static MixedModel model(Side side, boolean emptied) {
    int e = emptied ? 0 : 1;
    return new MixedModel(side, 6)
        .group("lamb", Hyperparameters.lamb(0.01), 2049, 5 * e, 0, 4097 * e, 7)
        .group("lans", Hyperparameters.lans(0.02), 33 * e, 9, 1)
        .group("adamw", Hyperparameters.adamW(0.01), 3, 2, 2050 * e, 2051);
  }

  private static LambBuilder builder(MixedModel model) {
    return model.builder().maxGradNorm(0.5);
  }

  /** Gradients that depend only on the parameter's name and the step; frozen ones get NaN. */
  private static void step(MixedModel model, Lamb lamb, int step) {
    for (Tensor t : model.tensors) {
      Random random = new Random(t.name().hashCode() * 31L + step);
      float[] gradients = new float[t.weights().count];
      for (int i = 0; i < gradients.length; i++) {
        gradients[i] = lamb.frozen().contains(t.name()) ? Float.NaN : (float) random.nextGaussian();
      }
      t.gradients().put(gradients);
    }
    lamb.step();
  }

  /** The same weights in both models, which were drawn for other sizes. */
  private static void copyWeights(MixedModel from, MixedModel to) {
    for (int i = 0; i < from.tensors.size(); i++) {
      if (to.tensors.get(i).weights().count > 0) {
        to.tensors.get(i).weights().putBits(from.tensors.get(i).weights().bits());
      }
    }
  }

  private static String state(MixedModel model, Lamb lamb, boolean ofFrozen) {
    return model
        .state(lamb)
        .lines()
        .filter(line -> Arrays.asList(FROZEN).contains(line.split(" ")[0]) == ofFrozen)
        .map(line -> line.replaceAll(" g [0-9a-f]+", ""))
        .collect(Collectors.joining("\n"));
  }

  private static String report(Lamb lamb) {
    StepReport report = lamb.newReport();
    lamb.report(report);
    return MixedModel.text(report);
  }

  /** As if they were empty, for the others; and not a bit of the frozen ones changes. */
  @Tag("kernels")
  @ParameterizedTest
  @EnumSource
  void shouldTreatFrozenParametersAsEmpty(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device), false);
      MixedModel empty = model(Side.cpu(), true);
      copyWeights(model, empty);
      try (Lamb lamb = builder(model).build();
          Lamb other = builder(empty).build()) {
        lamb.freeze(FROZEN);
        lamb.freeze("lans.0");
        assertEquals(List.of(FROZEN), lamb.frozen());
        String before = state(model, lamb, true);
        for (int step = 1; step <= 3; step++) {
          step(model, lamb, step);
          step(empty, other, step);
        }
        assertEquals(before, state(model, lamb, true));
        assertEquals(state(empty, other, false), state(model, lamb, false));
        assertEquals(report(other), report(lamb));
        LayerStats frozen = lamb.layerStats().get(3);
        assertEquals(new LayerStats("lamb.3", 0, 0, 1), frozen);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = "CPU", mode = EnumSource.Mode.EXCLUDE)
  void shouldGiveTheBitsOfTheCpu(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel cpu = model(Side.cpu(), false);
      MixedModel model = model(where.on(device), false);
      try (Lamb expected = builder(cpu).build();
          Lamb actual = builder(model).build()) {
        for (int step = 1; step <= 6; step++) {
          for (Lamb lamb : List.of(expected, actual)) {
            switch (step) {
              case 2 -> lamb.freeze(FROZEN);
              case 4 -> lamb.unfreeze("lamb.3", "adamw.2", "lamb.0");
              case 5 -> lamb.freeze("lamb.0", "lamb.2", "lamb.4"); // the whole group but one
              case 6 -> lamb.unfreeze("lamb.0", "lamb.1", "lamb.2", "lamb.4", "lans.0");
              default -> {}
            }
          }
          step(cpu, expected, step);
          step(model, actual, step);
          assertEquals(cpu.bits(expected), model.bits(actual), "step " + step);
        }
        assertEquals(List.of(), actual.frozen());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldAllowToFreezeEverything(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device), false);
      try (Lamb lamb = builder(model).nonFiniteGradients(NonFiniteGradients.SKIP).build()) {
        String[] all = model.tensors.stream().map(Tensor::name).toArray(String[]::new);
        step(model, lamb, 1);
        lamb.freeze(all);
        String before = state(model, lamb, true) + state(model, lamb, false);
        step(model, lamb, 2);
        assertEquals(before, state(model, lamb, true) + state(model, lamb, false));
        assertEquals(2, lamb.stepCount());
        assertEquals(0, lamb.gradientNorm());
        lamb.unfreeze("lamb.1");
        step(model, lamb, 3);
        assertNotEquals(before, state(model, lamb, true) + state(model, lamb, false));
        assertEquals(0, lamb.skippedSteps());
        StepReport report = lamb.newReport();
        lamb.report(report);
        assertEquals(1, report.layerOfSmallestTrustRatio());
        assertEquals(1, report.layerOfLargestTrustRatio());
      }
    }
  }

  /** Frozen parameters stay frozen when groups change, and their state is saved and loaded. */
  @ParameterizedTest
  @EnumSource
  void shouldKeepFrozenParametersWhenGroupsChangeAndStatesAreLoaded(
      Side.Where where, @TempDir Path directory) throws IOException {
    Path file = directory.resolve("state.safetensors");
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device), false);
      try (Lamb lamb = builder(model).build()) {
        step(model, lamb, 1);
        lamb.save(file);
        lamb.freeze(FROZEN);
        String frozen = state(model, lamb, true);
        lamb.addGroup(model.newGroup("added", Hyperparameters.lamb(0.1), 6, 5));
        lamb.freeze("added.1");
        lamb.removeParameters("lamb.0", "added.0");
        assertEquals(List.of("lamb.1", "lamb.3", "lans.0", "adamw.2", "added.1"), lamb.frozen());
        step(model, lamb, 2);
        assertEquals(frozen, state(model, lamb, true));
      }
      assertEquals(resumed(Side.cpu(), file), resumed(where.on(device), file));
    }
  }

  /** All bits of a run that loads a state while parameters are frozen, and trains them later. */
  private static String resumed(Side side, Path file) throws IOException {
    MixedModel model = model(side, false);
    try (Lamb lamb = builder(model).build()) {
      lamb.freeze("lamb.1", "lans.1");
      lamb.load(file);
      assertEquals(List.of("lamb.1", "lans.1"), lamb.frozen());
      step(model, lamb, 2);
      assertEquals(2, lamb.stepCount());
      String loaded = model.bits(lamb);
      lamb.unfreeze("lamb.1");
      step(model, lamb, 3);
      return loaded + model.bits(lamb);
    }
  }

  @Test
  void shouldRejectUnknownNamesBeforeAnythingChanges() {
    try (Lamb lamb = builder(model(Side.cpu(), false)).build()) {
      lamb.freeze("lamb.0");
      assertRefused(() -> lamb.freeze("lamb.1", "lamb"), "parameter lamb: unknown", "groups()");
      assertRefused(() -> lamb.unfreeze("lamb.0", "x"), "parameter x: unknown", "groups()");
      assertRefused(() -> lamb.freeze((String) null), "parameter null: unknown");
      assertRefused(() -> lamb.freeze((String[]) null), "parameters to freeze: null");
      assertRefused(() -> lamb.unfreeze((String[]) null), "parameters to unfreeze: null");
      assertEquals(List.of("lamb.0"), lamb.frozen());
      lamb.freeze();
      lamb.unfreeze("lamb.1");
      assertEquals(List.of("lamb.0"), lamb.frozen());
    }
  }

  @Test
  void shouldRejectFreezingDuringACapture() {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(Side.cuda(device, StepPath.AUTO), false);
      try (Lamb lamb = builder(model).build()) {
        device.capture(() -> assertUntimely(() -> lamb.freeze("lamb.0"), "being captured")).close();
        assertEquals(List.of(), lamb.frozen());
      }
    }
  }
}
