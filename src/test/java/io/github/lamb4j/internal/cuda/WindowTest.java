package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.DeviceParameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Parameter;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowTest {

  /** The window of an H200. */
  private static final Window WINDOW = new Window(264, 13, Tuning.DEFAULT);

  @ParameterizedTest
  @CsvSource({
    "132, 233472, 232448, 264, 13", // H200
    "108, 167936, 166912, 216, 9", // A100
    "80, 98304, 98304, 160, 5", // V100
    "40, 65536, 65536, 80, 3", // T4
    "1, 10000, 10000, 2, 0"
  })
  void shouldBeAsLargeAsSharedMemoryAllows(
      int multiprocessors, int perMultiprocessor, int perBlock, int grid, int slots) {
    EmulatedDevice device =
        EmulatedDevice.SMALL
            .withMultiprocessors(multiprocessors, 2)
            .withSharedMemory(perMultiprocessor, perBlock);
    try (EmulatedDriver driver = new EmulatedDriver(device, 1)) {
      assertEquals(new Window(grid, slots, Tuning.DEFAULT), Window.of(driver));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "AUTO, 7028736, true", // the capacity of the window
    "AUTO, 14057472, true", // twice the capacity
    "AUTO, 14057473, false",
    "SINGLE_PASS, 14057473, true",
    "TWO_PASS, 1, false"
  })
  void shouldBeChosenWhenItHoldsHalfOfTheTiles(StepPath path, long count, boolean chosen) {
    assertEquals(chosen, WINDOW.isChosen(path, tiling(count)));
  }

  /** An entry for an architecture overrules the default share, and the blocks of a kernel. */
  @ParameterizedTest
  @CsvSource({"0, 1000000000000, true", "1, 7028736, true", "1, 7028737, false", "1.01, 1, false"})
  void shouldFollowTheTuningOfTheArchitecture(double share, long count, boolean chosen) {
    Tuning tuning = new Tuning(share, Map.of("moments", 5));
    assertEquals(chosen, new Window(264, 13, tuning).isChosen(StepPath.AUTO, tiling(count)));
    assertEquals(5, tuning.adapt(LaunchPolicy.MOMENTS).blocksPerMultiprocessor());
    assertEquals(LaunchPolicy.APPLY, tuning.adapt(LaunchPolicy.APPLY));
  }

  @Test
  void shouldNotBeChosenWhenItHoldsNothing() {
    for (StepPath path : StepPath.values()) {
      assertEquals(false, new Window(2, 0, Tuning.DEFAULT).isChosen(path, tiling(1)));
    }
  }

  private static Tiling tiling(long count) {
    Parameter parameter = DeviceParameters.of("w", 1 << 20, 1 << 30, count, DType.F32);
    return Tiling.of(parameter.count());
  }
}
