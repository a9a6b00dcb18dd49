package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.schedule.Schedule;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Long and wide runs, compared with the CPU bit by bit: rare interleavings on a GPU need many
 * blocks and many steps. The emulator, which finds races in small runs, takes small ones.
 */
@Tag("gpu")
@Tag("stress")
@Tag("slow")
class StressTest {

  private static final Hyperparameters LAMB =
      Hyperparameters.lamb(Schedule.linearWarmup(0.01, 10).then(10, Schedule.constant(0.01)));

  private static int size(int onGpu, int onEmulator) {
    return TestDevice.isGpu() ? onGpu : onEmulator;
  }

  /** Tensors from one element to many tiles, so that blocks wait for sums of many others. */
  private static MixedModel wide(Side side) {
    int tile = Tiling.TILE_ELEMENTS;
    return new MixedModel(side, 11)
        .group("wide", LAMB, size(4000, 24) * tile + 5, 1, size(1500, 9) * tile, tile + 3, 33)
        .group("small", LAMB, sizes(size(2000, 12)));
  }

  /** Many tensors of up to three tiles. */
  private static int[] sizes(int count) {
    int[] sizes = new int[count];
    Arrays.setAll(sizes, i -> 1 + i * 977 % (3 * Tiling.TILE_ELEMENTS));
    return sizes;
  }

  private static void takeSteps(MixedModel model, Lamb lamb, int steps) {
    for (int i = 0; i < steps; i++) {
      if (i % 5 == 0) {
        model.nextGradients(1 + i);
      }
      lamb.step();
    }
  }

  /**
   * On a GPU, slots and multiprocessors are its own.
   *
   * @param slots the tiles that a block can hold
   */
  @ParameterizedTest
  @CsvSource({"1, 2", "2, 2", "3, 2", "1, 20", "3, 20"})
  void shouldGiveTheBitsOfTheCpuForThousandsOfTiles(int slots, int multiprocessors) {
    EmulatedDevice emulated =
        TestDevice.withSlots(EmulatedDevice.SMALL.withMultiprocessors(multiprocessors, 2), slots);
    int steps = size(20, 2);
    try (TestDevice device = TestDevice.open(emulated, 10 * slots + multiprocessors)) {
      MixedModel onCpu = wide(Side.cpu());
      MixedModel onDevice = wide(Side.cuda(device, StepPath.SINGLE_PASS));
      try (Lamb expected = onCpu.builder().build();
          Lamb actual = onDevice.builder().build()) {
        takeSteps(onCpu, expected, steps);
        takeSteps(onDevice, actual, steps);
        assertEquals(onCpu.bits(expected), onDevice.bits(actual));
      }
    }
  }

  /** Their single passes may share the multiprocessors at any time. */
  @Test
  void shouldKeepTwoOptimizersOnTwoStreamsApart() {
    int steps = size(200, 3);
    try (TestDevice device = TestDevice.open(EmulatedDevice.SMALL, 3)) {
      MixedModel onCpu = wide(Side.cpu());
      MixedModel first = wide(Side.cuda(device, StepPath.SINGLE_PASS));
      MixedModel second = wide(Side.cuda(device, StepPath.SINGLE_PASS));
      try (Lamb expected = onCpu.builder().build();
          Lamb a = on(device, device.newStream(), first);
          Lamb b = on(device, device.newStream(), second)) {
        onCpu.nextGradients(1);
        first.nextGradients(1);
        second.nextGradients(1);
        for (int i = 0; i < steps; i++) {
          expected.step();
          a.step();
          b.step();
        }
        String bits = onCpu.bits(expected);
        assertEquals(bits, first.bits(a));
        assertEquals(bits, second.bits(b));
      }
    }
  }

  private static Lamb on(TestDevice device, CudaStream stream, MixedModel model) {
    LambBuilder builder = LambBuilders.onCuda(device.driver(), stream).path(StepPath.SINGLE_PASS);
    model.groups.forEach(builder::group);
    return builder.build();
  }

  @Test
  void shouldReplayAThousandSteps() {
    int replays = size(1000, 12);
    try (TestDevice device = TestDevice.open(EmulatedDevice.SMALL, 4)) {
      MixedModel onCpu = narrow(Side.cpu());
      MixedModel onDevice = narrow(Side.cuda(device, StepPath.SINGLE_PASS));
      try (Lamb expected = onCpu.builder().build();
          Lamb actual = onDevice.builder().build()) {
        onCpu.nextGradients(1);
        onDevice.nextGradients(1);
        actual.prepareReplays(replays);
        try (Graph graph = device.capture(actual::step)) {
          for (int i = 0; i < replays; i++) {
            expected.step();
            graph.replay();
          }
        }
        assertEquals(onCpu.bits(expected), onDevice.bits(actual));
      }
    }
  }

  private static MixedModel narrow(Side side) {
    return new MixedModel(side, 12)
        .group("g", LAMB, size(64, 3) * Tiling.TILE_ELEMENTS + 1, 7, 2049);
  }
}
