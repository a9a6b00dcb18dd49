package io.github.lamb4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.schedule.Schedule;
import io.github.lamb4j.tools.progress.Progress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainerTest {

  private static final Examples.Split SAMPLE = WordNet.sample(6000);

  private static TrainingRun run(Contender contender, int batchSize, int threads, double rate) {
    try (TrainingBackend backend = new CpuTraining(threads)) {
      return new Trainer(SAMPLE, 4, 1, backend, DataParallel.single(), Progress.SILENT)
          .run(contender, batchSize, rate);
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource
  void shouldLearn(Contender contender) {
    TrainingRun run = run(contender, 64, 2, 0.01);
    Scores majority = Scores.ofMajority(SAMPLE.train().counts(45), SAMPLE.heldOut().labels());
    assertTrue(run.last().trainLoss() < 0.7 * run.epochs().get(0).trainLoss());
    assertTrue(run.last().heldOut().accuracy() > 2 * majority.accuracy());
    assertTrue(run.last().heldOut().macroF1() > 10 * majority.macroF1());
    assertEquals(4, run.epochs().size());
    assertEquals(4 * ((SAMPLE.train().size() + 63) / 64), run.steps());
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource
  void shouldGiveTheSameBitsForEveryNumberOfThreads(Contender contender) {
    TrainingRun one = run(contender, 500, 1, 0.01);
    for (int threads = 1; threads <= 3; threads++) {
      TrainingRun other = run(contender, 500, threads, 0.01);
      assertEquals(one.weightsSha256(), other.weightsSha256());
      assertEquals(one.epochs(), other.epochs());
      assertEquals(one.layers(), other.layers());
    }
  }

  @Test
  void shouldAdaptOnlyTheWeightsOfLamb() {
    for (LayerStats layer : run(Contender.LAMB, 1000, 2, 0.01).layers()) {
      assertEquals(layer.name().endsWith("bias"), layer.trustRatio() == 1, layer.toString());
    }
    for (LayerStats layer : run(Contender.ADAMW, 1000, 2, 0.01).layers()) {
      assertEquals(1, layer.trustRatio(), layer.toString());
    }
  }

  @Test
  void shouldTakeAShorterLastStepInAnEpoch() {
    List<Double> losses = new ArrayList<>();
    Progress counting =
        new Progress() {
          @Override
          public void step(String status) {
            losses.add(Double.valueOf(status.replace("loss ", "")));
          }
        };
    int batchSize = SAMPLE.train().size() - 1;
    TrainingRun run;
    try (TrainingBackend backend = new CpuTraining(2)) {
      run =
          new Trainer(SAMPLE, 1, 1, backend, DataParallel.single(), counting)
              .run(Contender.LAMB, batchSize, 0.01);
    }
    assertEquals(2, run.steps());
    assertEquals(2, losses.size());
    assertEquals(
        (losses.get(0) * batchSize + losses.get(1)) / (batchSize + 1),
        run.last().trainLoss(),
        1e-3);
  }

  @Test
  void shouldEndDivergedRun() {
    TrainingRun run = run(Contender.ADAMW, 1000, 2, 1e30);
    assertTrue(run.diverged());
    assertTrue(run.steps() < 4 * ((SAMPLE.train().size() + 999) / 1000));
    assertFalse(run(Contender.ADAMW, 1000, 2, 0.01).diverged());
  }

  @Test
  void shouldWarmUpForATenthOfTheStepsAndThenDecay() {
    Schedule schedule = Trainer.schedule(0.5, 100);
    assertEquals(0.05, schedule.at(1), 1e-12);
    assertEquals(0.5, schedule.at(10), 1e-12);
    assertEquals(0.25, schedule.at(55), 0.01);
    assertTrue(schedule.at(100) > 0 && schedule.at(100) < 0.01);
    assertTrue(Trainer.schedule(0.5, 1).at(1) > 0);
  }

  @Test
  void shouldInterpolateAndExtrapolateTunedRates() {
    for (Contender contender : Contender.values()) {
      double small = contender.learningRate(256);
      double large = contender.learningRate(8192);
      assertEquals(large * large / small, contender.learningRate(8192 * 32), 1e-12);
      assertEquals(Math.sqrt(small * large), contender.learningRate(1448), 1e-4);
      assertFalse(small >= large);
    }
    assertNotEquals(Contender.LAMB.learningRate(256), Contender.ADAMW.learningRate(256));
  }
}
