package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.MemoryModel;
import io.github.lamb4j.emulator.ReuseDistance;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.Parameter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The traffic between the two reads of a weight in the single pass, on BERT-large. The second read
 * hits the L2 cache only if the window drains after a large parameter, other accesses are streamed,
 * and the cache is large enough.
 *
 * <p>The emulator is too slow for the whole model. Multiprocessors and tiles of each parameter are
 * scaled down together, so that 4 blocks run instead of 160 to 264, and distances are scaled up by
 * the same factor. 6 of the 24 layers are enough for the window to drain.
 */
@Tag("slow")
class ReuseDistanceTest {

  private static final Path GUIDE = Path.of("src/site/markdown/numerics.md");
  private static final int BLOCKS = 4;
  private static final int LAYERS = 6;
  private static final double MEGABYTE = 1e6;

  /** The part of the L2 cache that the weights may need: the rest holds lines about to leave it. */
  private static final double USABLE = 0.6;

  private static final Set<Purpose> TRAFFIC =
      EnumSet.of(Purpose.WEIGHTS, Purpose.GRADIENTS, Purpose.FIRST_MOMENTS, Purpose.SECOND_MOMENTS);

  /**
   * A GPU, with the distances in MB that half and 90 % of the tiles in its window do not exceed.
   */
  private enum Card {
    V100(80, 96, 6, 6.3, 8.3),
    A100(108, 164, 40, 9.8, 17.7),
    H100(132, 228, 50, 11.9, 21.4),
    RTX_4090(128, 100, 72, 9.7, 14.0);

    final int multiprocessors;
    final int sharedKilobytes;
    final int cacheMegabytes;
    final double half;
    final double most;

    Card(int multiprocessors, int sharedKilobytes, int cacheMegabytes, double half, double most) {
      this.multiprocessors = multiprocessors;
      this.sharedKilobytes = sharedKilobytes;
      this.cacheMegabytes = cacheMegabytes;
      this.half = half;
      this.most = most;
    }

    int slots() {
      int perBlock = sharedKilobytes * 1024 / 2 - Window.RESERVED_SHARED;
      return (perBlock - Window.STATIC_SHARED) / CudaLayout.SLOT;
    }

    double scale() {
      return multiprocessors * 2.0 / BLOCKS;
    }

    /** Scaled tiles of word and position embeddings, attention and feed-forward matrices. */
    List<Integer> tiles() {
      List<Integer> tiles = new ArrayList<>(List.of(scaled(15_261), scaled(256)));
      for (int layer = 0; layer < LAYERS; layer++) {
        for (int count : new int[] {512, 512, 512, 512, 2048, 2048}) tiles.add(scaled(count));
      }
      return tiles;
    }

    private int scaled(int tiles) {
      return (int) Math.round(tiles / scale());
    }

    /** The share of tiles that the window can hold; the others are deferred. */
    double held() {
      int held = tiles().stream().mapToInt(count -> Math.min(count, BLOCKS * slots())).sum();
      return (double) held / tiles().stream().mapToInt(Integer::intValue).sum();
    }

    String row() {
      return String.format(
          Locale.ROOT,
          "| %s | %d x %d KiB | %,d | %d MB | %.1f MB | %.1f MB |",
          name().replace('_', ' '),
          multiprocessors,
          sharedKilobytes,
          multiprocessors * 2 * slots(),
          cacheMegabytes,
          half,
          most);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldReadWeightsAgainAtTheDocumentedDistance(Card card) throws IOException {
    ReuseDistance reuse = measure(card, false);
    double half = reuse.quantile(0.5 * card.held()) * card.scale() / MEGABYTE;
    double most = reuse.quantile(0.9 * card.held()) * card.scale() / MEGABYTE;
    assertEquals(card.half, half, 0.1 * card.half, "half of the tiles");
    assertEquals(card.most, most, 0.1 * card.most, "90 % of the tiles");
    assertTrue(Files.readAllLines(GUIDE).contains(card.row()), card.row());
    double cache = USABLE * card.cacheMegabytes;
    if (card == Card.V100) { // its cache is too small: the second read goes to DRAM
      assertTrue(reuse.shareWithin((long) (cache * MEGABYTE / card.scale())) < 0.05);
    } else {
      assertTrue(most < cache, most + " MB do not fit into " + cache);
    }
  }

  /** Without the hints that stream all other accesses, no cache would be large enough. */
  @Test
  void shouldNeedTheCacheHints() {
    double half = measure(Card.H100, true).quantile(0.5 * Card.H100.held()) * Card.H100.scale();
    assertEquals(100, half / MEGABYTE, 10);
  }

  private static ReuseDistance measure(Card card, boolean countsStreams) {
    EmulatedDevice device = EmulatedDevice.SMALL.withMultiprocessors(BLOCKS / 2, 2);
    ReuseDistance reuse = new ReuseDistance(Purpose.WEIGHTS, TRAFFIC, countsStreams);
    try (TestDevice test = TestDevice.open(TestDevice.withSlots(device, card.slots()), 1)) {
      // The weak memory model hides step sizes for much longer than a GPU would.
      test.emulator().memoryModel(MemoryModel.SEQUENTIAL);
      List<Parameter> parameters = new ArrayList<>();
      for (int count : card.tiles()) {
        float[] weights = new float[count * Tiling.TILE_ELEMENTS];
        float[] gradients = new float[weights.length];
        weights[0] = gradients[1] = 1;
        parameters.add(Parameter.onHost("w" + parameters.size(), weights, gradients));
      }
      try (Lamb lamb =
          LambBuilders.staged(test.driver())
              .path(StepPath.SINGLE_PASS)
              .group("all", Hyperparameters.lamb(0.1), parameters)
              .build()) {
        test.emulator().measure(reuse);
        lamb.step();
      }
    }
    return reuse;
  }
}
