package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The backends agree for every switch of a group, beside groups with all other switches. */
@Tag("slow")
@Tag("gpu")
@Tag("kernels")
class SwitchesParityTest {

  /** Full and partial tiles, and ends at every position in a quad. */
  private static final int[] SIZES = {2051, 33, 2048, 1, 0, 6};

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.02);
  private static final Hyperparameters LANS = Hyperparameters.lans(0.02);
  private static final Hyperparameters DECOUPLED =
      LAMB.withDecoupledDecay(true).withWeightDecay(0.3);

  static List<Hyperparameters> switches() {
    return List.of(
        LAMB,
        LAMB.withBiasCorrection(BiasCorrection.LEARNING_RATE),
        LAMB.withBiasCorrection(BiasCorrection.LEARNING_RATE)
            .withLayerAdaptation(LayerAdaptation.NEVER),
        DECOUPLED,
        DECOUPLED.withLayerAdaptation(LayerAdaptation.NEVER),
        DECOUPLED.withBiasCorrection(BiasCorrection.LEARNING_RATE),
        LAMB.withGradientAveraging(false),
        LAMB.withLayerAdaptation(LayerAdaptation.WITH_DECAY),
        LAMB.withLayerAdaptation(LayerAdaptation.WITH_DECAY).withWeightDecay(0),
        DECOUPLED.withLayerAdaptation(LayerAdaptation.WITH_DECAY));
  }

  static List<Hyperparameters> lans() {
    return List.of(
        LANS,
        LANS.withWeightDecay(0),
        LANS.withDecoupledDecay(true).withWeightDecay(0.3),
        LANS.withWeightNormLimits(new Limits(0.5, 2)).withTrustRatioLimits(new Limits(0.03, 0.04)),
        LANS.withLayerAdaptation(LayerAdaptation.NEVER),
        LANS.withBiasCorrection(BiasCorrection.LEARNING_RATE).withBetas(0.7, 0.9),
        LANS.withGradientAveraging(false).withBiasCorrection(BiasCorrection.NONE));
  }

  @ParameterizedTest
  @CsvSource({"SINGLE_PASS, 0", "SINGLE_PASS, 20", "TWO_PASS, 0", "TWO_PASS, 20"})
  void shouldAgreeForEverySwitchBesideEveryOther(StepPath path, double maxGradNorm) {
    List<Hyperparameters> kinds = Stream.concat(switches().stream(), lans().stream()).toList();
    compare(3, path, maxGradNorm, kinds, SIZES);
  }

  @ParameterizedTest
  @CsvSource({"SINGLE_PASS", "TWO_PASS"})
  void shouldAgreeForEveryPreset(StepPath path) {
    List<Hyperparameters> kinds =
        Stream.of(Preset.values()).map(preset -> preset.hyperparameters(0.02)).toList();
    compare(2, path, 1, kinds, 2051, 7);
  }

  /** Each block processes all tiles and segments, some of them, or at most one. */
  @Test
  void shouldAgreeForLansOnAnyGrid() {
    List<Hyperparameters> kinds = List.of(LANS.withWeightDecay(0.3));
    int[] sizes = {5000, 1, 0, 2048, 9000};
    for (int blocks : new int[] {1, 2, 7}) {
      List<String> expected = bits(Lamb.onCpu(), 2, 0, kinds, sizes);
      try (TestDevice test = TestDevice.open(EmulatedDevice.SMALL, 7)) {
        CudaDriver driver = BackendParityTest.withGrid(test.driver(), blocks);
        assertEquals(expected, bits(LambBuilders.staged(driver), 2, 0, kinds, sizes));
      }
    }
  }

  @Test
  void shouldAgreeForLansWithMoreTilesThanLanes() {
    List<Hyperparameters> kinds = List.of(LANS.withWeightDecay(0.3));
    compare(1, StepPath.AUTO, 0, kinds, 2048 * 257 + 1);
  }

  /** The kernels skip the multiplication then, in full and in partial tiles. */
  @Test
  void shouldAgreeForLansWithUnitGradientNorms() {
    List<String> expected = bitsOfUnitGradients(Lamb.onCpu());
    try (TestDevice test = TestDevice.open()) {
      assertEquals(expected, bitsOfUnitGradients(LambBuilders.staged(test.driver())));
    }
  }

  private static List<String> bitsOfUnitGradients(LambBuilder builder) {
    Random random = new Random(4);
    List<HostParameter> parameters = new ArrayList<>();
    for (int count : new int[] {4096, 2000}) {
      float[] weights = new float[count];
      float[] gradients = new float[count];
      int others = count == 4096 ? 4096 : 1024; // nonzero elements, half of them at each end
      for (int i = 0; i < count; i++) {
        weights[i] = (float) random.nextGaussian();
        boolean zero = i >= others / 2 && i < count - others / 2;
        gradients[i] = zero ? 0 : (float) ((random.nextBoolean() ? 1 : -1) / Math.sqrt(others));
      }
      parameters.add(Parameter.onHost("unit " + count, weights, gradients));
    }
    Hyperparameters h = LANS.withBetas(0.8, 0.7).withWeightDecay(0.3);
    List<String> bits = new ArrayList<>();
    try (Lamb lamb = builder.group("LANS", h, parameters).build()) {
      for (int step = 0; step < 2; step++) {
        lamb.step();
        bits.addAll(TestModel.bits(lamb, parameters));
      }
    }
    return bits;
  }

  private static void compare(
      int steps, StepPath path, double maxGradNorm, List<Hyperparameters> kinds, int... sizes) {
    List<String> expected = bits(Lamb.onCpu(), steps, maxGradNorm, kinds, sizes);
    try (TestDevice test = TestDevice.open()) {
      LambBuilder builder = LambBuilders.staged(test.driver()).path(path);
      List<String> actual = bits(builder, steps, maxGradNorm, kinds, sizes);
      assertEquals(String.join("\n", expected), String.join("\n", actual));
    }
  }

  /** A group of each kind, each with a parameter of each size. */
  private static List<String> bits(
      LambBuilder builder,
      int steps,
      double maxGradNorm,
      List<Hyperparameters> kinds,
      int... sizes) {
    int[] dealt = new int[kinds.size() * sizes.length];
    for (int i = 0; i < dealt.length; i++) {
      dealt[i] = sizes[i / kinds.size()];
    }
    TestModel model = TestModel.of(2, kinds, dealt);
    if (maxGradNorm > 0) {
      builder.maxGradNorm(maxGradNorm);
    }
    List<String> bits = new ArrayList<>();
    try (Lamb lamb = model.build(builder)) {
      for (int step = 0; step < steps; step++) {
        model.nextGradients();
        lamb.step();
        bits.addAll(TestModel.bits(lamb, model.parameters()));
        bits.add(maxGradNorm > 0 ? "norm %a".formatted(lamb.gradientNorm()) : "no clipping");
      }
    }
    return bits;
  }
}
