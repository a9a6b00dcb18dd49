package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The single pass has the same bits under every schedule of warps and blocks, for any number of
 * resident blocks, and with windows too small for a segment.
 */
@Tag("slow")
class SinglePassSchedulesTest {

  /**
   * One large segment among small ones: it overflows a small window, and the others wait for slots.
   * Last tiles end at every position in a quad, in both halves of a tile.
   */
  private static final int[] SIZES = {
    100,
    2048 * 9 + 5,
    1,
    2048 * 2 + 2,
    2048 + 3,
    0,
    2048 * 4 - 1,
    2048 + 1025,
    2048 + 1026,
    2048 + 1026,
    2048 * 3 + 1027,
    7,
    2048 * 2 + 1028,
    2048 * 2,
    2048 * 2
  };

  private static final int STEPS = 2;
  private static List<String> expected;

  @BeforeAll
  static void runOnTheCpu() {
    expected = run(Lamb.onCpu());
  }

  @Tag("kernels")
  @ParameterizedTest(name = "{0} multiprocessors, {1} blocks resident on each, {2} slots")
  @CsvSource({"1, 1, 1", "1, 2, 1", "2, 2, 1", "1, 1, 3", "3, 2, 2", "4, 2, 13"})
  void shouldGiveTheSameBitsUnderAnySchedule(int multiprocessors, int resident, int slots) {
    compare(multiprocessors, resident, slots, 0, 3);
  }

  @ParameterizedTest(name = "{0} multiprocessors, {1} blocks resident on each, {2} slots")
  @CsvSource({"1, 1, 1", "1, 2, 1", "2, 2, 1", "1, 1, 3", "3, 2, 2", "4, 2, 13"})
  void shouldGiveTheSameBitsUnderMoreSchedules(int multiprocessors, int resident, int slots) {
    compare(multiprocessors, resident, slots, 3, 10);
  }

  private static void compare(
      int multiprocessors, int resident, int slots, int firstSeed, int endSeed) {
    for (int seed = firstSeed; seed < endSeed; seed++) {
      EmulatedDevice device =
          TestDevice.withSlots(
              EmulatedDevice.SMALL.withMultiprocessors(multiprocessors, resident), slots);
      try (TestDevice test = TestDevice.open(device, seed)) {
        assertEquals(
            expected,
            run(LambBuilders.staged(test.driver()).path(StepPath.SINGLE_PASS)),
            "schedule " + seed);
      }
    }
  }

  /** The weights of a dropped tile are decayed when it is applied. */
  @Tag("kernels")
  @Test
  void shouldDecayTheWeightsOfDroppedTiles() {
    List<Hyperparameters> kinds =
        List.of(Hyperparameters.lamb(0.02).withDecoupledDecay(true).withWeightDecay(0.3));
    int[] sizes = {2048 * 4 + 1025, 2048 * 3, 2048 * 2 + 6};
    List<String> cpu = run(Lamb.onCpu(), TestModel.of(4, kinds, sizes));
    EmulatedDevice device = TestDevice.withSlots(EmulatedDevice.SMALL.withMultiprocessors(1, 1), 1);
    try (TestDevice test = TestDevice.open(device, 1)) {
      LambBuilder builder = LambBuilders.staged(test.driver()).path(StepPath.SINGLE_PASS);
      assertEquals(cpu, run(builder, TestModel.of(4, kinds, sizes)));
    }
  }

  @Tag("kernels")
  @Test
  void shouldRepeatAStepAfterResumingEarlier() {
    try (TestDevice test = TestDevice.open(EmulatedDevice.SMALL, 1)) {
      TestModel model = TestModel.of(3, SIZES);
      try (Lamb lamb = model.build(LambBuilders.staged(test.driver()).path(StepPath.SINGLE_PASS))) {
        model.nextGradients();
        lamb.step();
        lamb.resumeAt(
            0); // the count goes back: ready words of the first step 1 must not count as ready
        model.nextGradients();
        lamb.step();
        TestModel twin = TestModel.of(3, SIZES);
        try (Lamb cpu = twin.build(Lamb.onCpu())) {
          twin.nextGradients();
          cpu.step();
          cpu.resumeAt(0);
          twin.nextGradients();
          cpu.step();
          assertEquals(
              TestModel.bits(cpu, twin.parameters()), TestModel.bits(lamb, model.parameters()));
        }
      }
    }
  }

  private static List<String> run(LambBuilder builder) {
    return run(builder, TestModel.of(2, SIZES));
  }

  private static List<String> run(LambBuilder builder, TestModel model) {
    try (Lamb lamb = model.build(builder)) {
      for (int step = 0; step < STEPS; step++) {
        model.nextGradients();
        lamb.step();
      }
      return TestModel.bits(lamb, model.parameters());
    }
  }
}
