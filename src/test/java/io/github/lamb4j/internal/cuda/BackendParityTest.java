package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The CPU and CUDA backends produce the same weights, moments, norms and trust ratios. */
@Tag("slow")
@Tag("gpu")
class BackendParityTest {

  static final int[] SIZES = {1, 3, 4, 7, 33, 0, 1000, 4097, 65537, 2048, 2047};

  @ParameterizedTest
  @CsvSource({"SINGLE_PASS, 0", "SINGLE_PASS, 30", "TWO_PASS, 0", "TWO_PASS, 30"})
  void shouldAgreeForFiftySteps(StepPath path, double maxGradNorm) {
    compare(50, path, maxGradNorm, EmulatedDevice.SMALL, SIZES);
  }

  @Tag("kernels")
  @ParameterizedTest
  @CsvSource({
    "TWO_PASS, 1",
    "TWO_PASS, 3",
    "TWO_PASS, 20",
    "SINGLE_PASS, 1",
    "SINGLE_PASS, 3",
    "SINGLE_PASS, 20"
  })
  void shouldAgreeForAnyNumberOfMultiprocessors(StepPath path, int multiprocessors) {
    compare(3, path, 1, EmulatedDevice.SMALL.withMultiprocessors(multiprocessors, 2), SIZES);
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource(StepPath.class)
  void shouldAgreeForAGroupOfManyParameters(StepPath path) {
    compare(2, path, 0.5, EmulatedDevice.SMALL, IntStream.range(0, 600).map(i -> i % 5).toArray());
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource(StepPath.class)
  void shouldAgreeForASegmentWithMoreTilesThanLanes(StepPath path) {
    compare(1, path, 1, EmulatedDevice.SMALL, 2048 * 300 + 1);
  }

  /** The grid affects only speed: one block for all tiles, or more blocks than tiles. */
  @Tag("kernels")
  @ParameterizedTest
  @CsvSource({"TWO_PASS, 1", "TWO_PASS, 5", "SINGLE_PASS, 1", "SINGLE_PASS, 5"})
  void shouldAgreeForAnyGrid(StepPath path, int blocks) {
    int[] sizes = {5000, 1, 0, 2048, 9000};
    try (TestDevice test = TestDevice.open(EmulatedDevice.SMALL, 7)) {
      CudaDriver driver = withGrid(test.driver(), blocks);
      assertEquals(
          trajectory(Lamb.onCpu(), 2, 1, sizes),
          trajectory(LambBuilders.staged(driver).path(path), 2, 1, sizes));
    }
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource(names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldAgreeForAGroupWithoutElements(StepPath path) {
    compare(2, path, 0.5, EmulatedDevice.SMALL, 0, 7, 5);
  }

  /** A driver that launches this number of blocks, except for kernels that need a single block. */
  static CudaDriver withGrid(CudaDriver driver, int blocks) {
    Set<String> single =
        Set.of(LaunchPolicy.BEGIN_STEP.kernel(), LaunchPolicy.GRADIENT_SCALE.kernel());
    return Proxies.of(
        CudaDriver.class,
        (method, arguments) -> {
          if (method.getName().equals("prepare") && !single.contains(arguments[1])) {
            arguments[2] = blocks;
          }
          return method.invoke(driver, arguments);
        });
  }

  @Tag("kernels")
  @ParameterizedTest
  @EnumSource(names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldAgreeWithoutClipping(StepPath path) {
    compare(3, path, 0, EmulatedDevice.SMALL, SIZES);
  }

  private static void compare(
      int steps, StepPath path, double maxGradNorm, EmulatedDevice device, int... sizes) {
    List<List<String>> expected = trajectory(Lamb.onCpu(), steps, maxGradNorm, sizes);
    try (TestDevice test = TestDevice.open(device, 7)) {
      List<List<String>> actual =
          trajectory(LambBuilders.staged(test.driver()).path(path), steps, maxGradNorm, sizes);
      for (int step = 0; step < steps; step++) {
        assertEquals(
            String.join("\n", expected.get(step)),
            String.join("\n", actual.get(step)),
            "after step " + (step + 1));
      }
    }
  }

  private static List<List<String>> trajectory(
      LambBuilder builder, int steps, double maxGradNorm, int... sizes) {
    TestModel model = TestModel.of(1, sizes);
    if (maxGradNorm > 0) {
      builder.maxGradNorm(maxGradNorm);
    }
    List<List<String>> trajectory = new ArrayList<>();
    try (Lamb lamb = model.build(builder)) {
      for (int step = 0; step < steps; step++) {
        model.nextGradients();
        lamb.step();
        List<String> bits = TestModel.bits(lamb, model.parameters());
        if (maxGradNorm > 0) {
          bits.add("gradient norm " + Double.toHexString(lamb.gradientNorm()));
        }
        trajectory.add(bits);
      }
    }
    return trajectory;
  }
}
