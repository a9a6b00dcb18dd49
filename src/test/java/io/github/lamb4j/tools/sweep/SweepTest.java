package io.github.lamb4j.tools.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.tools.progress.Progress;
import io.github.lamb4j.tools.train.CpuTraining;
import io.github.lamb4j.tools.train.TrainingBackend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SweepTest {

  private static final int RUNS = TinySweep.PLAN.expectedRuns();

  private static SweepResult expected;
  private static List<String> finished;

  @TempDir static Path whole;
  @TempDir Path folder;

  private final AtomicInteger started = new AtomicInteger();

  private final Supplier<TrainingBackend> counting =
      () -> {
        started.incrementAndGet();
        return new CpuTraining(1);
      };

  @BeforeAll
  static void runOnce() throws Exception {
    Path file = whole.resolve("x.state");
    try (SweepState state = SweepState.open(file, TinySweep.PLAN, "cpu")) {
      expected = TinySweep.run(1, state);
    }
    finished = Files.readAllLines(file);
  }

  private SweepState open() throws Exception {
    return SweepState.open(folder.resolve("x.state"), TinySweep.PLAN, "cpu");
  }

  @Test
  void shouldRunEveryCellOnceAndCarryOverTheTunedRate() {
    assertEquals(1 + RUNS, finished.size());
    assertEquals(3 * 2 * 3, expected.grid().size());
    assertEquals(3 * 2, expected.transfer().size());
    for (String optimizer : expected.optimizers()) {
      Tuning tuning = Tuning.of(expected.grid(), expected.rates(), optimizer, 64);
      List<Double> carried =
          expected.transfer().stream()
              .filter(cell -> cell.optimizer().equals(optimizer))
              .map(SweepCell::learningRate)
              .toList();
      assertEquals(List.of(tuning.bestRate(), tuning.bestRate() * Math.sqrt(2)), carried);
    }
  }

  @Test
  void shouldTrainAndRecordWhatHappened() {
    SweepCell lamb = Tuning.runs(expected.grid(), "lamb", 64, 0.02).get(0);
    assertFalse(lamb.diverged());
    assertTrue(lamb.accuracy() > 0.5, lamb.toString());
    assertEquals(1, lamb.trainLoss().size());
    assertEquals(
        List.of("embedding.weight", "hidden.weight", "output.weight"),
        lamb.trustRatios().stream().map(SweepCell.TrustCurve::layer).toList());
    assertEquals(lamb.steps(), lamb.trustRatios().get(0).steps().size());
    SweepCell adamw = Tuning.runs(expected.grid(), "adamw", 64, 1e30).get(0);
    assertTrue(adamw.diverged());
    assertTrue(adamw.steps() < lamb.steps(), adamw.toString());
    assertEquals(0, adamw.accuracy());
    assertEquals(List.of(), adamw.trustRatios());
  }

  @Test
  void shouldGiveTheSameResultForAnyThreads() throws Exception {
    SweepResult result = TinySweep.run(3, SweepState.inMemory(), counting, Progress.SILENT);
    assertEquals(TinySweep.json(expected), TinySweep.json(result));
    assertEquals(RUNS, started.get());
  }

  @ParameterizedTest
  @CsvSource({"0, 0.5", "1, 0", "5, 0.5", "17, 0.99"})
  void shouldResumeWhereItStopped(int kept, double torn) throws Exception {
    String next = finished.get(1 + kept);
    String lines = String.join("\n", finished.subList(0, 1 + kept)) + "\n";
    Files.writeString(
        folder.resolve("x.state"), lines + next.substring(0, (int) (torn * next.length())));
    try (SweepState state = open()) {
      SweepResult result = TinySweep.run(2, state, counting, Progress.SILENT);
      assertEquals(TinySweep.json(expected), TinySweep.json(result));
    }
    assertEquals(RUNS - kept, started.get());
    assertEquals(
        finished.stream().sorted().toList(),
        Files.readAllLines(folder.resolve("x.state")).stream().sorted().toList());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void shouldKeepFinishedRunsWhenOneFails(int threads) throws Exception {
    Supplier<TrainingBackend> failing =
        () -> {
          if (started.incrementAndGet() == 5) {
            throw new IllegalStateException("no memory left");
          }
          return new CpuTraining(1);
        };
    try (SweepState state = open()) {
      Exception failure =
          assertThrows(
              IllegalStateException.class,
              () -> TinySweep.run(threads, state, failing, Progress.SILENT));
      assertEquals("no memory left", failure.getMessage());
    }
    try (SweepState state = open()) {
      int kept = state.finished().size();
      assertTrue(kept >= 5 - threads && kept <= 4, kept + " runs");
      assertEquals(TinySweep.json(expected), TinySweep.json(TinySweep.run(2, state)));
    }
  }

  /** An error would end the thread of the command, but not the process. */
  @Test
  void shouldFailWithAnExceptionWhenARunEndsWithAnError() {
    Error error = new LinkageError("a class is missing");
    Supplier<TrainingBackend> failing =
        () -> {
          throw error;
        };
    Exception failure =
        assertThrows(
            CompletionException.class,
            () -> TinySweep.run(2, SweepState.inMemory(), failing, Progress.SILENT));
    assertEquals("a run of the sweep failed", failure.getMessage());
    assertSame(error, failure.getCause());
  }

  @Test
  void shouldSayHowFarItIs() throws Exception {
    List<String> notes = new ArrayList<>();
    Progress progress =
        new Progress() {
          @Override
          public void begin(String task, long steps) {
            notes.add(task + " " + steps);
          }

          @Override
          public void note(String line) {
            notes.add(
                line.replaceAll("accuracy 0\\.\\d{4}", "accuracy A")
                    .replaceAll("about .*", "about T"));
          }
        };
    TinySweep.run(1, SweepState.inMemory(), counting, progress);
    assertEquals("tuning 9", notes.get(0));
    assertEquals(
        "lamb, batch 64, rate 0.0200, seed 1: held-out accuracy A; 20 runs left, about T",
        notes.get(1));
    assertEquals(
        "adamw, batch 64, rate 1.00e+30, seed 1: diverged; 15 runs left, about T", notes.get(6));
    assertEquals("all batch sizes 12", notes.get(10));
    assertTrue(notes.get(22).endsWith("; 0 runs left, about T"), notes.get(22));
  }

  @Test
  void shouldRefuseABatchLargerThanTheTrainingExamples() {
    SweepPlan plan = new SweepPlan("x", 700, 1, List.of(64, 600), List.of(0.1), List.of(1L));
    Exception refusal =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new Sweep(
                    plan,
                    TinySweep.GLOSSES,
                    "cpu",
                    counting,
                    1,
                    SweepState.inMemory(),
                    Progress.SILENT));
    assertTrue(
        refusal.getMessage().startsWith("batch size 600: there are only "), refusal.getMessage());
    assertEquals(0, started.get());
  }
}
