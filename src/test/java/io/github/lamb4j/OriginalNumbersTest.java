package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Results of other implementations for one small problem: timm 1.0.29 and AdamW on PyTorch 2.13,
 * optax 0.2.8 on JAX 0.10.2, Keras 3.15.1 on PyTorch, each run once on the CPU in double precision.
 * The learning rate is 0.05; unless a case says otherwise, all other options are the defaults.
 */
class OriginalNumbersTest {

  private static final double[][] WEIGHTS = {{0.5, -0.25, 1, 0.125}, {-0.75, 0.0625, 0.375}, {2}};

  /** Exact in float32. Those of the second parameter are so small that epsilon matters. */
  private static final double[][] GRADIENTS = {
    {0.25, -1.25, 0.0625, 2}, {-0x1p-23, 0.875 * 0x1p-22, 0x1p-27}, {-0.625}
  };

  /** At step t, gradients are rotated by t places and multiplied by the t-th factor. */
  private static final double[] FACTORS = {1, -0.5, 2, 0.25, -3};

  private static final Hyperparameters LAMB = Preset.PAPER.hyperparameters(0.05);
  private static final Hyperparameters TIMM = Preset.TIMM.hyperparameters(0.05);
  private static final Hyperparameters OPTAX = Preset.OPTAX.hyperparameters(0.05);
  private static final Hyperparameters KERAS = Preset.KERAS.hyperparameters(0.05);

  static Stream<Arguments> cases() {
    return Stream.of(
        arguments(
            "timm",
            TIMM,
            1.0,
            "0.5009805793 -0.1599406466 0.9602286205 -0.0609995818"
                + " -0.8173338827 -0.0558833506 0.5279525716 2.3094618750"),
        arguments(
            "timm, weight_decay=0.25",
            TIMM.withWeightDecay(0.25),
            1.0,
            "0.4761702223 -0.1586836146 0.9125316311 -0.0465925023"
                + " -0.5744063026 0.0135622269 0.3214096780 1.7104631250"),
        arguments(
            "timm, weight_decay=0",
            TIMM.withWeightDecay(0),
            1.0,
            "0.5386448344 -0.1866769544 0.9336104020 -0.0737826412"
                + " -0.7576610785 0.0552667854 0.3866154438 2.0906022499"),
        arguments(
            "timm, weight_decay=0, always_adapt=True",
            Preset.APEX_NVLAMB.hyperparameters(0.05).withWeightDecay(0),
            1.0,
            "0.5021956683 -0.1601246908 0.9624834857 -0.0614841806"
                + " -0.8388309050 -0.0466526611 0.5314539361 2.3094618750"),
        arguments(
            "timm, max_grad_norm=None, trust_clip=True",
            Preset.LAMBC.hyperparameters(0.05),
            0.0,
            "0.4823497177 -0.2084049985 0.9904690672 -0.0360636984"
                + " -0.7592856496 0.0407622241 0.3973932686 2.1147809504"),
        arguments(
            "timm, max_grad_norm=None",
            LAMB,
            0.0,
            "0.4704876071 -0.2015862575 0.9986170948 -0.0480486842"
                + " -0.7949950856 -0.0674374395 0.4979665017 2.3094618750"),
        arguments(
            "timm, max_grad_norm=None, weight_decay=0.25, decoupled_decay=True",
            LAMB.withDecoupledDecay(true).withWeightDecay(0.25),
            0.0,
            "0.4429779135 -0.1897449354 0.9398767191 -0.0453698294"
                + " -0.7546096796 -0.0618088405 0.4704691630 2.1686842165"),
        arguments(
            "timm, max_grad_norm=None, grad_averaging=False",
            LAMB.withGradientAveraging(false),
            0.0,
            "0.4716080583 -0.2020140205 1.0006603757 -0.0482889785"
                + " -0.8027398029 -0.0659995824 0.5007150586 2.3094618750"),
        arguments(
            "timm, max_grad_norm=None, bias_correction=False",
            LAMB.withBiasCorrection(BiasCorrection.NONE),
            0.0,
            "0.4714736463 -0.2019534560 1.0004083093 -0.0482561071"
                + " -0.7796176961 -0.0724423617 0.4902219170 2.3094618750"),
        arguments(
            "AdamW",
            Preset.ADAMW.hyperparameters(0.05),
            0.0,
            "0.5114870250 -0.2212143875 0.9616183158 -0.0683752269"
                + " -0.8156265304 -0.0905826905 0.5598879061 2.1147811307"),
        arguments(
            "optax",
            OPTAX,
            0.0,
            "0.4717333187 -0.2020620111 1.0008877427 -0.0483149601"
                + " -0.8035943050 -0.0658210907 0.5010091312 2.3094618750"),
        arguments(
            "optax, weight_decay=0.25",
            OPTAX.withWeightDecay(0.25),
            0.0,
            "0.4454940659 -0.1929112000 0.9475064405 -0.0382465099"
                + " -0.6005713151 -0.0510710204 0.3876637836 2.0895131250"),
        arguments(
            "Keras",
            KERAS,
            0.0,
            "0.4717332596 -0.2020622667 1.0008878526 -0.0483150150"
                + " -0.7967111994 -0.0649552087 0.5191874277 2.3094618750"),
        arguments(
            "Keras, weight_decay=0.25",
            KERAS.withWeightDecay(0.25),
            0.0,
            "0.4429778580 -0.1897451754 0.9398768224 -0.0453698810"
                + " -0.7481461469 -0.0609957399 0.4875393667 2.1686842165"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void shouldMatchOriginal(String original, Hyperparameters h, double maxGradNorm, String numbers) {
    LambBuilder builder = Lamb.onCpu();
    if (maxGradNorm > 0) {
      builder.maxGradNorm(maxGradNorm);
    }
    List<HostParameter> parameters = new ArrayList<>();
    for (double[] w : WEIGHTS) {
      parameters.add(Parameter.onHost("p" + parameters.size(), rounded(w), new float[w.length]));
    }
    try (Lamb lamb = builder.group("g", h, parameters).build()) {
      for (int t = 1; t <= FACTORS.length; t++) {
        for (int p = 0; p < GRADIENTS.length; p++) {
          double[] g = GRADIENTS[p];
          for (int i = 0; i < g.length; i++) {
            double turned = g[(i + t) % g.length] * FACTORS[t - 1];
            parameters.get(p).gradients().floats().put(i, (float) turned);
          }
        }
        lamb.step();
      }
    }
    double[] expected = Stream.of(numbers.split(" ")).mapToDouble(Double::valueOf).toArray();
    double[] actual =
        parameters.stream()
            .flatMapToDouble(p -> Arrays.stream(Numbers.widened(p.weights().floats().array())))
            .toArray();
    assertArrayEquals(expected, actual, 5e-7);
  }

  private static float[] rounded(double[] x) {
    float[] rounded = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      rounded[i] = (float) x[i];
    }
    return rounded;
  }
}
