package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The backends agree for extreme hyperparameters, and on both sides of each limit. For extreme
 * weights and gradients see {@link ExtremeParityTest}.
 */
@Tag("gpu")
@Tag("kernels")
class EdgesParityTest {

  private static final int COUNT = 40;
  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.02);
  private static final Hyperparameters LANS = Hyperparameters.lans(0.02);

  /** The scales of the random weights and gradients, and the hyperparameters. */
  private record Case(double weights, double gradients, Hyperparameters hyperparameters) {
    static Case of(Hyperparameters hyperparameters) {
      return new Case(1, 1, hyperparameters);
    }
  }

  /** The weight norm is about 6, the trust ratio about 1. */
  private static List<Case> limits() {
    return List.of(
        Case.of(LAMB.withWeightNormLimits(new Limits(1000, 1e9))),
        Case.of(LAMB.withWeightNormLimits(Limits.atMost(0.001))),
        Case.of(LAMB.withTrustRatioLimits(new Limits(100, 200))),
        Case.of(LAMB.withTrustRatioLimits(Limits.atMost(0.001))),
        Case.of(
            LAMB.withWeightNormLimits(new Limits(1, 20))
                .withTrustRatioLimits(new Limits(1e-9, 1e9))),
        Case.of(LANS.withWeightNormLimits(new Limits(1000, 1e9))),
        Case.of(LANS.withWeightNormLimits(Limits.atMost(0.001))),
        Case.of(LANS.withTrustRatioLimits(new Limits(100, 200))),
        Case.of(LANS.withTrustRatioLimits(Limits.atMost(0.001))),
        // The lower limit is between the trust ratio and the update norm, to tell them apart.
        Case.of(LAMB.withTrustRatioLimits(new Limits(2, 200))),
        Case.of(LANS.withTrustRatioLimits(new Limits(2, 200))));
  }

  private static List<Case> numbers() {
    return List.of(
        Case.of(LAMB.withBetas(0, 0)),
        Case.of(LAMB.withBetas(0.3, 0.1).withEpsilon(0.1)),
        // 1 - beta, rounded to binary64 and then to binary32, is next to a tie.
        Case.of(LAMB.withBetas(Math.nextUp(0x1p-25), Math.nextUp(0x1p-25))),
        Case.of(LAMB.withBiasCorrection(BiasCorrection.NONE).withWeightDecay(3)),
        // A step size that overflows binary32 without a trust ratio. ExtremeParityTest has one with
        // it.
        Case.of(LAMB.withLearningRate(1e300).withLayerAdaptation(LayerAdaptation.NEVER)),
        Case.of(LAMB.withLearningRate(1e-300)),
        // A decoupled decay that overflows binary32, and one that underflows.
        Case.of(LAMB.withDecoupledDecay(true).withLearningRate(1e300)),
        Case.of(LAMB.withDecoupledDecay(true).withLearningRate(1e-300)),
        Case.of(LANS.withLearningRate(1e300).withLayerAdaptation(LayerAdaptation.NEVER)),
        Case.of(LANS.withLearningRate(1e-300)),
        Case.of(LANS.withBetas(0, 0)),
        Case.of(LANS.withBetas(0.3, 0.1).withEpsilon(0.1)),
        Case.of(LANS.withBetas(0.999, 0.3).withWeightDecay(3)),
        new Case(1e-40, 1e-22, LANS.withEpsilon(Float.MIN_NORMAL)),
        new Case(1e-40, 1e-22, LAMB.withEpsilon(Float.MIN_NORMAL)),
        new Case(Double.NaN, 1, LAMB.withLayerAdaptation(LayerAdaptation.NEVER)));
  }

  @ParameterizedTest
  @EnumSource(names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldAgreeForExtremeHyperparameters(StepPath path) {
    compare(path, 0, limits());
    compare(path, 0, numbers());
  }

  /** Zero gradients, norms that are NaN or infinite, and extreme limits. */
  @ParameterizedTest
  @MethodSource("clippings")
  void shouldAgreeWhenClippingExtremeNorms(StepPath path, double gradients, double maxNorm) {
    compare(
        path,
        maxNorm,
        List.of(
            new Case(1, gradients, LAMB),
            new Case(1, gradients, LANS),
            new Case(1, gradients, LAMB)));
  }

  static Stream<Arguments> clippings() {
    double[][] all = {
      {0, 1},
      {1, 1},
      {Double.NaN, 1},
      {Double.POSITIVE_INFINITY, 1},
      {1, 1e-300},
      {1, 1e300},
      {1e-40, 1e-42},
      {1e36, 1}
    };
    return Arrays.stream(all)
        .flatMap(
            c ->
                Stream.of(StepPath.SINGLE_PASS, StepPath.TWO_PASS)
                    .map(path -> Arguments.of(path, c[0], c[1])));
  }

  private static void compare(StepPath path, double maxNorm, List<Case> cases) {
    List<String> expected = bits(Lamb.onCpu(), maxNorm, cases);
    try (TestDevice test = TestDevice.open()) {
      assertEquals(expected, bits(LambBuilders.staged(test.driver()).path(path), maxNorm, cases));
    }
  }

  private static List<String> bits(LambBuilder builder, double maxNorm, List<Case> cases) {
    Random random = new Random(3);
    List<HostParameter> parameters = new ArrayList<>();
    for (Case c : cases) {
      float[] weights = numbers(random, c.weights);
      float[] gradients = numbers(random, c.gradients);
      Parameter parameter = Parameter.onHost("p" + parameters.size(), weights, gradients);
      parameters.add((HostParameter) parameter);
      builder.group(
          new ParameterGroup("of " + parameter.name(), c.hyperparameters, List.of(parameter)));
    }
    if (maxNorm > 0) {
      builder.maxGradNorm(maxNorm);
    }
    try (Lamb lamb = builder.build()) {
      lamb.step();
      lamb.step();
      List<String> bits = TestModel.bits(lamb, parameters);
      bits.add(maxNorm > 0 ? Double.toHexString(lamb.gradientNorm()) : "no clipping");
      return bits;
    }
  }

  /** Random numbers of this scale; if it is not finite, a single such value among them. */
  private static float[] numbers(Random random, double size) {
    float[] numbers = new float[COUNT];
    double scale = Double.isFinite(size) ? size : 1;
    for (int i = 0; i < COUNT; i++) {
      numbers[i] = (float) (random.nextGaussian() * scale);
    }
    if (!Double.isFinite(size)) {
      numbers[7] = (float) size;
    }
    return numbers;
  }
}
