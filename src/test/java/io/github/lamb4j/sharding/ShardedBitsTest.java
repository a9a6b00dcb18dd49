package io.github.lamb4j.sharding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.StateModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Neither weights, nor state, nor files depend on the number of ranks. */
class ShardedBitsTest {

  private static final int[] STEPS = IntStream.range(0, 9).toArray();

  @ParameterizedTest(name = "{0} ranks, {1} micro-batches each")
  @CsvSource({"2, 4", "4, 2", "8, 1", "2, 1", "3, 1", "5, 1", "6, 1", "7, 1", "3, 4"})
  void bitsShouldBeThoseOfOneRank(int ranks, int perRank, @TempDir Path folder) throws Exception {
    int batches = ranks * perRank;
    Path single = folder.resolve("single");
    StateModel model = StateModel.fresh();
    String expected;
    try (Lamb lamb = ShardedRun.build(model, Lamb::onCpu, batches)) {
      ShardedRun.train(model, lamb, 0, batches, batches, STEPS);
      expected = StateModel.bits(lamb);
      lamb.save(single);
    }

    Path shared = folder.resolve("shared");
    var bits =
        ShardedRun.onRanks(
            ranks,
            collective -> {
              StateModel mine = StateModel.fresh();
              try (Lamb lamb =
                  ShardedRun.build(mine, () -> Lamb.onCpu().collective(collective), perRank)) {
                ShardedRun.train(mine, lamb, collective.rank(), perRank, batches, STEPS);
                lamb.save(shared);
                return StateModel.bits(lamb) + lamb.layerStats();
              }
            });

    assertEquals(1, Set.copyOf(bits).size(), "ranks differ");
    assertEquals(expected, bits.get(0).substring(0, expected.length()));
    assertArrayEquals(Files.readAllBytes(single), Files.readAllBytes(shared));
  }
}
