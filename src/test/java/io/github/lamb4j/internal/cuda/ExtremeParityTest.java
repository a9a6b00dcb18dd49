package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.Numbers;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The backends agree for zero norms, NaN, infinities, subnormals and overflow, each in a parameter
 * of its own. {@code ExtremeValuesTest} checks the results themselves.
 */
@Tag("slow")
@Tag("gpu")
@Tag("kernels")
class ExtremeParityTest {

  private static final int STEPS = 3;
  private static final int COUNT = 2050;
  private static final int FEW = 41;
  private static final Hyperparameters LANS = Hyperparameters.lans(0.02);

  @ParameterizedTest
  @CsvSource({"SINGLE_PASS, 0", "SINGLE_PASS, 1", "TWO_PASS, 0", "TWO_PASS, 1"})
  void shouldAgree(StepPath path, double maxGradNorm) {
    List<String> expected = run(Lamb.onCpu(), maxGradNorm, true);
    try (TestDevice device = TestDevice.open()) {
      assertEquals(
          String.join("\n", expected),
          String.join(
              "\n", run(LambBuilders.staged(device.driver()).path(path), maxGradNorm, true)));
    }
  }

  /** Without values that make the global gradient norm infinite or NaN, so that clipping scales. */
  @ParameterizedTest
  @CsvSource({"SINGLE_PASS", "TWO_PASS"})
  void shouldAgreeWhenClippingScales(StepPath path) {
    List<String> expected = run(Lamb.onCpu(), 1e-3, false);
    try (TestDevice device = TestDevice.open()) {
      assertEquals(
          String.join("\n", expected),
          String.join("\n", run(LambBuilders.staged(device.driver()).path(path), 1e-3, false)));
    }
  }

  private static List<String> run(LambBuilder builder, double maxGradNorm, boolean nonFinite) {
    Hyperparameters lamb = Hyperparameters.lamb(0.02);
    Random random = new Random(1);
    builder
        .group("decayed", lamb, extremes("", COUNT, random, nonFinite))
        .group("LANS", LANS, extremes("LANS, ", FEW, random, nonFinite))
        .group(
            "decoupled",
            lamb.withDecoupledDecay(true).withWeightDecay(0.3),
            extremes("decoupled, ", FEW, random, nonFinite))
        .group(
            "decoupled LANS",
            LANS.withDecoupledDecay(true).withLearningRate(step -> step == 1 ? 0 : 0.1),
            extremes("decoupled LANS, ", FEW, random, nonFinite))
        .group(
            "without decay",
            lamb.withWeightDecay(0).withBiasCorrection(BiasCorrection.NONE),
            parameter("no update", random, 1, 0),
            parameter("scalar-like", random, 1e-20, 1e-20))
        .group(
            "limited",
            lamb.withWeightNormLimits(new Limits(2, 3)).withTrustRatioLimits(new Limits(0.5, 0.5)),
            parameter("limited", random, 100, 1),
            parameter("limited, zero weights", random, 0, 1))
        .group(
            "fast",
            lamb.withLearningRate(1e300),
            parameter("largest step", random, 1, 1),
            parameter("largest step from zero", random, 0, 1))
        .group(
            "fast LANS",
            LANS.withLearningRate(1e300),
            parameter("largest steps", random, 1, 1),
            parameter("largest steps from zero", random, 0, 1));
    if (maxGradNorm > 0) {
      builder.maxGradNorm(maxGradNorm);
    }
    List<String> bits = new ArrayList<>();
    try (Lamb optimizer = builder.build()) {
      List<HostParameter> parameters =
          optimizer.groups().stream()
              .flatMap(g -> g.parameters().stream())
              .map(HostParameter.class::cast)
              .toList();
      for (int step = 0; step < STEPS; step++) {
        optimizer.step();
        bits.addAll(TestModel.bits(optimizer, parameters));
        if (maxGradNorm > 0) {
          bits.add("gradient norm " + optimizer.gradientNorm());
        }
      }
    }
    return bits;
  }

  /** One parameter for each kind of extreme value. */
  private static List<Parameter> extremes(
      String prefix, int count, Random random, boolean nonFinite) {
    List<Parameter> all = new ArrayList<>();
    all.add(parameter(prefix + "zero weights", count, random, 0, 1));
    all.add(parameter(prefix + "zero gradients", count, random, 1, 0));
    all.add(parameter(prefix + "both zero", count, random, 0, 0));
    all.add(parameter(prefix + "tiny", count, random, 1e-40, 1e-42));
    all.add(parameter(prefix + "huge", count, random, 1e37, 1e37));
    if (nonFinite) {
      for (float poison :
          new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        HostParameter gradient = parameter(prefix + "gradient " + poison, count, random, 1, 1);
        gradient.gradients().floats().put(count - 1, poison);
        all.add(gradient);
        HostParameter weight = parameter(prefix + "weight " + poison, count, random, 1, 1);
        weight.weights().floats().put(3, poison);
        all.add(weight);
      }
    }
    return all;
  }

  private static HostParameter parameter(
      String name, Random random, double weightScale, double gradientScale) {
    return parameter(name, COUNT, random, weightScale, gradientScale);
  }

  private static HostParameter parameter(
      String name, int count, Random random, double weightScale, double gradientScale) {
    return Parameter.onHost(
        name,
        Numbers.normal(random, count, weightScale),
        Numbers.normal(random, count, gradientScale));
  }
}
