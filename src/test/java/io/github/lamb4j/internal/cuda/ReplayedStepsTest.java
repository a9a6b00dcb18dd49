package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.emulator.LaunchReport;
import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.StepReport;
import io.github.lamb4j.schedule.Schedule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each replay of a captured step takes the next step. */
@Tag("gpu")
class ReplayedStepsTest {

  private static final Schedule CHANGING =
      Schedule.linearWarmup(0.03, 20).then(20, Schedule.cosine(0.03, 0.001, 60));

  /** A model with a loss scale and an optimizer that clips, unscales and skips. */
  private static final class Run implements AutoCloseable {
    final MixedModel model;
    final TestArray scale;
    final Lamb lamb;

    Run(MixedModel model, Side side) {
      this.model = model;
      scale = side.array(DType.F32, 1, "loss scale");
      lamb =
          model
              .builder()
              .maxGradNorm(2)
              .lossScale(side.scalar(scale))
              .nonFiniteGradients(NonFiniteGradients.SKIP)
              .build();
    }

    static Run small(Side side) {
      return new Run(
          new MixedModel(side, 8)
              .group("lamb", Hyperparameters.lamb(CHANGING), 0, 0, 0, 0, 0, 0, 33)
              .group("lans", Hyperparameters.lans(step -> 0.001 * step), 5),
          side);
    }

    /** Updates gradients and loss scale; every seventh step is to be skipped. */
    void prepare(int i) {
      float factor = 1 << i % 5;
      scale.put(i % 7 == 3 ? Float.NaN : factor);
      if (i % 10 == 0) {
        model.nextGradients(factor);
      }
    }

    String bits() {
      return model.bits(lamb);
    }

    @Override
    public void close() {
      lamb.close();
    }
  }

  private static String plain(Run run, int steps) {
    for (int i = 0; i < steps; i++) {
      run.prepare(i);
      run.lamb.step();
    }
    return run.bits();
  }

  /** Fewer in two passes on the emulator. */
  @Tag("slow")
  @ParameterizedTest
  @EnumSource(names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldReplayAHundredStepsLikePlainOnes(StepPath path) {
    int steps = path == StepPath.SINGLE_PASS || TestDevice.isGpu() ? 100 : 30;
    try (TestDevice device = TestDevice.open();
        Run onCpu = Run.small(Side.cpu());
        Run stepped = Run.small(Side.cuda(device, path));
        Run replayed = Run.small(Side.cuda(device, path))) {
      String expected = plain(onCpu, steps);
      replayed.lamb.prepareReplays(steps / 2);
      try (Graph graph = device.capture(replayed.lamb::step)) {
        for (int i = 0; i < steps; i++) {
          if (i == steps / 2) {
            // Prepared in two pieces, the second before the first is used up: some steps were
            // skipped.
            replayed.lamb.prepareReplays(steps);
          }
          replayed.prepare(i);
          graph.replay();
        }
        assertEquals(expected, replayed.bits());
      }
      assertEquals(expected, plain(stepped, steps));
      assertEquals((steps + 3) / 7, onCpu.lamb.skippedSteps());
    }
  }

  /**
   * One graph with groups on a single pass, two passes and the two passes of LANS. The emulated
   * device's window holds two tiles.
   */
  @Test
  void shouldReplayGroupsOfEveryPathTogether() {
    EmulatedDevice tiny = TestDevice.withSlots(EmulatedDevice.SMALL.withMultiprocessors(1, 2), 1);
    try (TestDevice device = TestDevice.open(tiny, 5);
        Run onCpu = everyPath(Side.cpu());
        Run replayed = everyPath(Side.cuda(device, StepPath.AUTO))) {
      replayed.lamb.prepareReplays(4);
      try (Graph graph = device.capture(replayed.lamb::step)) {
        for (int i = 0; i < 5; i++) {
          replayed.prepare(i);
          graph.replay();
        }
        assertEquals(plain(onCpu, 5), replayed.bits());
        if (!TestDevice.isGpu()) {
          Set<String> launched =
              device.emulator().launches().stream()
                  .map(LaunchReport::kernel)
                  .collect(Collectors.toSet());
          assertTrue(
              launched.containsAll(Set.of("single_pass", "apply", "lans_apply")), "" + launched);
        }
      }
    }
  }

  private static Run everyPath(Side side) {
    return new Run(
        new MixedModel(side, 9)
            .group("one pass", Hyperparameters.lamb(CHANGING), 2049, 3)
            .group("two passes", Hyperparameters.lamb(CHANGING), 4 * 2048 + 1)
            .group("lans", Hyperparameters.lans(0.01), 2048, 0, 7)
            .group("adamw", Hyperparameters.adamW(0.01), 5),
        side);
  }

  @Test
  void shouldKeepTheLastPreparedRate() {
    try (TestDevice device = TestDevice.open();
        Run run = Run.small(Side.cuda(device, StepPath.SINGLE_PASS))) {
      run.scale.put(1);
      run.lamb.step();
      run.lamb.prepareReplays(2);
      try (Graph graph = device.capture(run.lamb::step)) {
        StepReport report = run.lamb.newReport();
        int[] rateSteps = {2, 3, 3, 3};
        for (int i = 0; i < rateSteps.length; i++) {
          graph.replay();
          run.lamb.report(report);
          assertEquals(2 + i, report.step());
          assertEquals(CHANGING.at(rateSteps[i]), report.learningRate(0));
          assertEquals(0.001 * rateSteps[i], report.learningRate(1));
        }
      }
    }
  }

  /** Plain steps and replays of the same graph may alternate if the program reports in between. */
  @Test
  void shouldTakePlainStepsBetweenReplays() {
    try (TestDevice device = TestDevice.open();
        Run onCpu = Run.small(Side.cpu());
        Run run = Run.small(Side.cuda(device, StepPath.TWO_PASS))) {
      run.lamb.prepareReplays(6);
      try (Graph graph = device.capture(run.lamb::step)) {
        for (int i = 0; i < 6; i++) {
          run.prepare(i);
          if (i % 2 == 0) {
            graph.replay();
          } else {
            run.lamb.step();
          }
        }
        assertEquals(plain(onCpu, 6), run.bits());
      }
    }
  }

  @Test
  void shouldCountReplaysBeforeAPlainStep() {
    try (TestDevice device = TestDevice.open();
        Run run = Run.small(Side.cuda(device, StepPath.SINGLE_PASS))) {
      run.scale.put(1);
      run.lamb.prepareReplays(4);
      StepReport report = run.lamb.newReport();
      try (Graph graph = device.capture(run.lamb::step)) {
        graph.replay();
        graph.replay();
        run.lamb.stepCount();
        graph.replay();
        graph.replay();
        for (int step = 5; step <= 6; step++) { // beyond the prepared rates
          run.lamb.step();
          run.lamb.report(report);
          assertEquals(step, report.step());
          assertEquals(CHANGING.at(step), report.learningRate(0));
        }
      }
    }
  }

  /** The table of rates still has those of the steps before. */
  @Test
  void shouldReplayWithTheRateOfTheNextStepAfterResuming() {
    try (TestDevice device = TestDevice.open();
        Run run = Run.small(Side.cuda(device, StepPath.SINGLE_PASS))) {
      run.scale.put(1);
      run.lamb.prepareReplays(20);
      StepReport report = run.lamb.newReport();
      try (Graph graph = device.capture(run.lamb::step)) {
        graph.replay();
        for (long step : new long[] {Rates.KEPT + 3, 30, 5000}) {
          run.lamb.resumeAt(step);
          graph.replay();
          run.lamb.report(report);
          assertEquals(step + 1, report.step());
          assertEquals(CHANGING.at(step + 1), report.learningRate(0));
          assertEquals(0.001 * (step + 1), report.learningRate(1));
        }
      }
    }
  }

  /** The rate is looked up before anything is read. */
  @Test
  void shouldChangeNothingWhenTheNextStepHasNoRate(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("state");
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.SINGLE_PASS);
      MixedModel model =
          new MixedModel(side, 1)
              .group("g", Hyperparameters.lamb(step -> step <= 2 ? 0.1 : Double.NaN), 3);
      try (Lamb lamb = model.builder().build()) {
        lamb.prepareReplays(2);
        try (Graph graph = device.capture(lamb::step)) {
          graph.replay();
          graph.replay();
        }
        lamb.save(file);
        String before = model.bits(lamb);
        assertUntimely(() -> load(lamb, file), "group g", "NaN at step 3");
        assertUntimely(() -> lamb.resumeAt(2), "group g", "NaN at step 3");
        assertEquals(before, model.bits(lamb));
        lamb.save(file); // it still works
      }
    }
  }

  private static void load(Lamb lamb, Path file) {
    try {
      lamb.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void shouldRejectCallsThatWaitAndContinueCapturing() {
    try (TestDevice device = TestDevice.open();
        Run run = Run.small(Side.cuda(device, StepPath.TWO_PASS));
        Run other = Run.small(Side.cuda(device, StepPath.TWO_PASS))) {
      run.scale.put(1);
      other.scale.put(1);
      run.lamb.prepareReplays(1);
      FloatBuffer none = FloatBuffer.allocate(0);
      try (Graph graph =
          device.capture(
              () -> {
                assertUntimely(other.lamb::close, "close", "being captured");
                assertUntimely(run.lamb::stepCount, "report", "being captured");
                assertUntimely(() -> run.lamb.resumeAt(0), "resumeAt", "being captured");
                assertUntimely(
                    () -> run.lamb.readState("lamb.6", StateArray.FIRST_MOMENT, 0, none),
                    "being captured");
                assertUntimely(() -> run.model.builder().build(), "being captured");
                run.lamb.step();
              })) {
        graph.replay();
        other.lamb.step();
        assertEquals(other.bits(), run.bits());
      }
    }
  }

  @Test
  void shouldRequirePreparedRatesToCapture() {
    try (TestDevice device = TestDevice.open();
        Run run = Run.small(Side.cuda(device, StepPath.SINGLE_PASS))) {
      run.scale.put(1);
      String before = run.bits();
      try (Graph graph =
          device.capture(
              () -> {
                assertUntimely(run.lamb::step, "graph capture", "prepareReplays");
                assertUntimely(
                    () -> run.lamb.prepareReplays(1), "prepareReplays", "being captured");
              })) {
        graph.replay(); // an empty graph
        assertEquals(before, run.bits());
      }
      run.lamb.step();
      assertEquals(1, run.lamb.stepCount());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Rates.KEPT + 1, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void shouldRejectMoreReplaysThanTheTableHolds(int replays) {
    try (Run run = Run.small(Side.cpu())) {
      IllegalArgumentException refusal =
          assertThrows(IllegalArgumentException.class, () -> run.lamb.prepareReplays(replays));
      assertTrue(refusal.getMessage().contains("replays " + replays), refusal.getMessage());
      assertTrue(refusal.getMessage().contains("1 to 4096"), refusal.getMessage());
    }
  }

  /** An invalid rate of a later step is rejected before anything is prepared. */
  @Test
  void shouldRejectInvalidRates() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.SINGLE_PASS);
      MixedModel model =
          new MixedModel(side, 1)
              .group("good", Hyperparameters.lamb(0.1), 3)
              .group("bad", Hyperparameters.lamb(step -> step < 5 ? 0.1 : Double.NaN), 3);
      try (Lamb lamb = model.builder().build()) {
        assertUntimely(() -> lamb.prepareReplays(5), "group bad", "NaN", "step 5");
        device.capture(() -> assertUntimely(lamb::step, "prepareReplays")).close();
        lamb.prepareReplays(4);
        try (Graph graph = device.capture(lamb::step)) {
          graph.replay();
          assertEquals(1, lamb.stepCount());
        }
      }
    }
  }

  private static void assertUntimely(Runnable call, String... said) {
    IllegalStateException refusal = assertThrows(IllegalStateException.class, call::run);
    for (String part : said) {
      assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
  }

  /** The FAIL policy also works within a graph. */
  @Test
  void shouldFailDuringReplays() {
    try (TestDevice device = TestDevice.open()) {
      Side side = Side.cuda(device, StepPath.SINGLE_PASS);
      MixedModel model = new MixedModel(side, 1).group("g", Hyperparameters.lamb(0.1), 3);
      try (Lamb lamb = model.builder().nonFiniteGradients(NonFiniteGradients.FAIL).build()) {
        lamb.prepareReplays(5);
        try (Graph graph = device.capture(lamb::step)) {
          graph.replay();
          model.tensors.get(0).gradients().put(2, Float.NaN);
          graph.replay();
          model.nextGradients(1);
          graph.replay();
          assertUntimely(() -> lamb.report(lamb.newReport()), "step 2", "NaN");
          assertEquals(2, lamb.skippedSteps());
          lamb.resumeAt(1);
          lamb.prepareReplays(5);
          graph.replay();
          assertEquals(2, lamb.stepCount());
        }
      }
    }
  }
}
