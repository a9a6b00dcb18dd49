package io.github.lamb4j.tools.train;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.sharding.LocalCollective;
import io.github.lamb4j.sharding.ShardedRun;
import io.github.lamb4j.tools.progress.Progress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataParallelTest {

  private static final Examples.Split SAMPLE = WordNet.sample(1000);

  /** Neither it nor the last batch is a multiple of 8; the last batch has fewer examples than 8. */
  private static final int BATCH = (SAMPLE.train().size() - 5) / 2;

  private static TrainingRun train(HostCollective ranks, int microBatches, double rate) {
    try (TrainingBackend backend = new CpuTraining(1)) {
      DataParallel parallel = new DataParallel(ranks, microBatches);
      return new Trainer(SAMPLE, 1, 1, backend, parallel, Progress.SILENT)
          .run(Contender.LAMB, BATCH, rate);
    }
  }

  private static List<TrainingRun> onRanks(int size, int microBatches, double rate)
      throws Exception {
    return ShardedRun.onRanks(size, ranks -> train(ranks, microBatches, rate));
  }

  private static TrainingRun alone(int microBatches) {
    return train(LocalCollective.of(1).get(0), microBatches, 0.01);
  }

  @Test
  void shouldGiveTheSameBitsForEveryNumberOfRanks() throws Exception {
    TrainingRun alone = alone(8);
    assertTrue(alone.steps() == 3 && SAMPLE.train().size() % BATCH < 8, "a tiny last batch");
    for (int size : new int[] {2, 4, 8}) {
      for (TrainingRun rank : onRanks(size, 8, 0.01)) {
        assertEquals(alone.weightsSha256(), rank.weightsSha256());
        assertEquals(alone.epochs(), rank.epochs());
        assertEquals(alone.layers(), rank.layers());
      }
    }
  }

  @Test
  void shouldDifferFromWholeBatchesOnlyByRounding() {
    TrainingRun whole = alone(1);
    TrainingRun divided = alone(8);
    assertNotEquals(whole.weightsSha256(), divided.weightsSha256());
    assertEquals(whole.last().trainLoss(), divided.last().trainLoss(), 1e-5);
    for (int i = 0; i < whole.layers().size(); i++) {
      double norm = whole.layers().get(i).updateNorm();
      assertEquals(norm, divided.layers().get(i).updateNorm(), 1e-3 * norm);
    }
  }

  @Test
  void shouldEndADivergedRunOnEveryRank() throws Exception {
    for (TrainingRun rank : onRanks(2, 2, 1e30)) {
      assertTrue(rank.diverged());
    }
  }

  @Test
  void shouldCoverABatchWithoutGaps() {
    int at = 100;
    for (LocalCollective rank : LocalCollective.of(4)) {
      DataParallel parallel = new DataParallel(rank, 8);
      for (int i = 0; i < parallel.perRank(); i++) {
        assertEquals(at, parallel.start(100, 121, i));
        at = parallel.start(100, 121, i + 1);
        assertTrue(at - parallel.start(100, 121, i) <= parallel.largest(21));
      }
    }
    assertEquals(121, at);
  }

  @ParameterizedTest
  @CsvSource({"2, 1, 2", "2, 3, 2", "2, 6, 4", "4, 6, 4", "3, 9, 6", "1, 0, 1"})
  void shouldRefuseBitsThatDependOnTheNumberOfRanks(int ranks, int microBatches, int instead) {
    assertRefused(
        () -> new DataParallel(LocalCollective.of(ranks).get(0), microBatches),
        "micro-batches " + microBatches,
        "for example " + instead);
  }

  @ParameterizedTest
  @CsvSource({"1, 6", "2, 8", "3, 3", "3, 12", "4, 4"})
  void shouldAcceptAPowerOfTwoPerRank(int ranks, int microBatches) {
    DataParallel parallel = new DataParallel(LocalCollective.of(ranks).get(0), microBatches);
    assertEquals(microBatches / ranks, parallel.perRank());
  }
}
