package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.sharding.ShardedRun;
import io.github.lamb4j.tools.progress.Progress;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedBenchmarkTest {

  private static final int TILES = 64;

  private static final ModelShapes MODEL =
      new ModelShapes(
          "m",
          "M",
          List.of(new TensorShape("w", List.of((long) TILES * Tiling.TILE_ELEMENTS), true, true)));

  private static ShardedBenchmark.Result run(HostCollective ranks, ModelShapes model) {
    BenchSettings settings = new BenchSettings(StepPath.AUTO, false, 1, true);
    ShardedBenchmark benchmark = new ShardedBenchmark(settings, ranks);
    if (ranks.rank() > 0) {
      benchmark.follow(List.of(model));
      return null;
    }
    return benchmark.lead(model, OptionalInt.of(3), Progress.SILENT);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void shouldCountTheBytesThatARankSends(int size) throws Exception {
    List<ShardedBenchmark.Result> results = ShardedRun.onRanks(size, ranks -> run(ranks, MODEL));
    ShardedBenchmark.Result result = results.get(0);
    assertEquals(size, result.ranks());
    assertEquals("LAMB, " + size + " ranks", result.timing().name());
    assertEquals(3, result.timing().millis().length);
    assertNull(results.get(1));
    // To each other rank: its gradients and this rank's weights, the norms, and 24 bytes that
    // agree.
    long tilesPerRank = TILES / size;
    long each = tilesPerRank * (2 * Float.BYTES * Tiling.TILE_ELEMENTS + 2 * Double.BYTES) + 24;
    assertEquals((size - 1) * each, result.sent());
  }

  /** Slightly more tiles than the buffers of an exchange hold, which therefore takes two parts. */
  @Test
  void shouldNotSendABufferForTheRest() throws Exception {
    long elements = (2 * 2048 + 2) * (long) Tiling.TILE_ELEMENTS;
    ModelShapes model =
        new ModelShapes("m", "M", List.of(new TensorShape("w", List.of(elements), true, true)));
    long sent = ShardedRun.onRanks(2, ranks -> run(ranks, model)).get(0).sent();
    assertEquals(4, (double) sent / elements, 0.02);
  }

  @Test
  void shouldNeedTheMemoryOfAllRanks() {
    MemoryNeed single = new MemoryNeed(1 << 20, 1 << 30, "Java heap");
    long two = ShardedBenchmark.need(MODEL, single, 2).needed();
    long four = ShardedBenchmark.need(MODEL, single, 4).needed();
    assertTrue(four > two && two > 2 * 8 * MODEL.parameters(), two + " " + four);
  }
}
