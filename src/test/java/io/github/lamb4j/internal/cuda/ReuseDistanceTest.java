package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.ReuseDistance;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.Parameter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The traffic between the two reads of a weight in the single pass. The second read hits the L2
 * cache only if the window drains after a large parameter and other accesses are streamed.
 *
 * <p>BERT-large on an H100, scaled down by 66 because the emulator is slow: 4 blocks instead of 264
 * with 13 slots each, parameters with the same ratio to the window, 6 layers instead of 24.
 */
class ReuseDistanceTest {

  private static final int BLOCKS = 4;
  private static final int SLOTS = 13;
  private static final int LAYERS = 6;

  /** 60 % of an H100's L2 cache of 50 MB, scaled down like the window. */
  private static final long CACHE = 30_000_000L / 66;

  private static final Set<Purpose> TRAFFIC =
      EnumSet.of(Purpose.WEIGHTS, Purpose.GRADIENTS, Purpose.FIRST_MOMENTS, Purpose.SECOND_MOMENTS);

  /** Tiles of each parameter. */
  private static List<Integer> tiles() {
    List<Integer> tiles = new ArrayList<>(List.of(231));
    for (int layer = 0; layer < LAYERS; layer++) {
      tiles.addAll(List.of(8, 8, 8, 8, 31, 31));
    }
    return tiles;
  }

  @Test
  void shouldReadWeightsAgainSoonAfterALargeParameter() {
    EmulatedDevice device =
        TestDevice.withSlots(EmulatedDevice.SMALL.withMultiprocessors(BLOCKS / 2, 2), SLOTS);
    ReuseDistance reuse = new ReuseDistance(Purpose.WEIGHTS, TRAFFIC);
    try (TestDevice test = TestDevice.open(device, 1)) {
      List<Parameter> parameters = new ArrayList<>();
      for (int count : tiles()) {
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
    // The other weights belong to tiles of the first parameter that the window cannot hold.
    double share = reuse.shareWithin(CACHE);
    assertTrue(share > 0.75, "share of second reads from the cache: " + share);
  }
}
