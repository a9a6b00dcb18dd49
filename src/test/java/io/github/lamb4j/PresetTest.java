package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.schedule.Schedule;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares each preset with its original, rewritten here in double precision from the sources that
 * {@link Preset} names. Neither code nor hyperparameters are shared with {@link ReferenceLamb}.
 */
class PresetTest {

  private static final int STEPS = 8;
  private static final double TOLERANCE = 2e-6;

  /** By parameter: number of elements, scale of the weights and scale of the gradients. */
  private static final double[][] SHAPES = {
    {1, 1, 1},
    {33, 0.05, 1},
    {7, 1, 1e-6}, // epsilon matters
    {2500, 1e-5, 3}, // a ratio below 0.01
    {40, 300, 0.1} // a ratio above 10
  };

  private static final class Tensor {
    final double[] w;
    final double[] m;
    final double[] v;

    Tensor(float[] weights) {
      w = Numbers.widened(weights);
      m = new double[w.length];
      v = new double[w.length];
    }
  }

  /** One step of one parameter. */
  private interface Step {
    void of(Tensor x, double[] g, int t, double rate, double decay);
  }

  /** An original: the norm to which it clips, its default decay and its step. */
  private record Original(double maxNorm, double decay, Step step) {}

  private static final Map<Preset, Original> ORIGINALS = new EnumMap<>(Preset.class);

  static {
    double none = Double.POSITIVE_INFINITY;
    ORIGINALS.put(Preset.PAPER, new Original(none, 0.01, PresetTest::paper));
    ORIGINALS.put(Preset.APEX, new Original(1, 0.01, PresetTest::apex));
    ORIGINALS.put(Preset.APEX_NVLAMB, new Original(1, 0.01, PresetTest::paper));
    ORIGINALS.put(Preset.DEEPSPEED, new Original(none, 0, PresetTest::deepSpeed));
    ORIGINALS.put(Preset.TF_ADDONS, new Original(none, 0, PresetTest::paper));
    ORIGINALS.put(Preset.OPTAX, new Original(none, 0, PresetTest::paper));
    ORIGINALS.put(Preset.TIMM, new Original(1, 0.01, PresetTest::apex));
    ORIGINALS.put(Preset.KERAS, new Original(none, 0, PresetTest::keras));
    ORIGINALS.put(Preset.ADAMW, new Original(none, 0.01, PresetTest::adamW));
    ORIGINALS.put(Preset.LAMBC, new Original(none, 0.01, PresetTest::lambC));
    ORIGINALS.put(Preset.LANS, new Original(none, 0.01, PresetTest::lans));
  }

  private static void paper(Tensor x, double[] g, int t, double rate, double decay) {
    double[] update = plus(adam(x, g, t, 1e-6), decay, x.w);
    subtract(x.w, rate * ratio(x.w, update), update);
  }

  private static void apex(Tensor x, double[] g, int t, double rate, double decay) {
    double[] update = plus(adam(x, g, t, 1e-6), decay, x.w);
    subtract(x.w, decay != 0 ? rate * ratio(x.w, update) : rate, update);
  }

  private static void deepSpeed(Tensor x, double[] g, int t, double rate, double decay) {
    moments(x, g);
    double[] update = new double[g.length];
    for (int i = 0; i < g.length; i++) {
      update[i] = x.m[i] / (Math.sqrt(x.v[i]) + 1e-8) + decay * x.w[i];
    }
    double size = rate * Math.sqrt(1 - Math.pow(0.999, t)) / (1 - Math.pow(0.9, t));
    subtract(x.w, size * Math.min(Math.max(ratio(x.w, update), 0.01), 10), update);
  }

  private static void keras(Tensor x, double[] g, int t, double rate, double decay) {
    subtract(x.w, decay * rate, x.w);
    double[] update = adam(x, g, t, 1e-7);
    subtract(x.w, ratio(x.w, update) * rate, update);
  }

  private static void adamW(Tensor x, double[] g, int t, double rate, double decay) {
    subtract(x.w, rate * decay, x.w);
    subtract(x.w, rate, adam(x, g, t, 1e-8));
  }

  private static void lambC(Tensor x, double[] g, int t, double rate, double decay) {
    double[] update = plus(adam(x, g, t, 1e-6), decay, x.w);
    subtract(x.w, rate * Math.min(ratio(x.w, update), 1), update);
  }

  private static void lans(Tensor x, double[] g, int t, double rate, double decay) {
    double[] unit = plus(new double[g.length], 1 / norm(g), g);
    double[] first = plus(adam(x, unit, t, 1e-6), decay, x.w);
    double[] second = new double[g.length];
    for (int i = 0; i < g.length; i++) {
      double root = Math.sqrt(x.v[i] / (1 - Math.pow(0.999, t)));
      second[i] = unit[i] / (root + 1e-6) + decay * x.w[i];
    }
    double firstSize = rate * 0.9 * ratio(x.w, first);
    double secondSize = rate * 0.1 * ratio(x.w, second);
    subtract(x.w, firstSize, first);
    subtract(x.w, secondSize, second);
  }

  private static void moments(Tensor x, double[] g) {
    for (int i = 0; i < g.length; i++) {
      x.m[i] += 0.1 * (g[i] - x.m[i]);
      x.v[i] += 0.001 * (g[i] * g[i] - x.v[i]);
    }
  }

  private static double[] adam(Tensor x, double[] g, int t, double epsilon) {
    moments(x, g);
    double[] update = new double[g.length];
    for (int i = 0; i < g.length; i++) {
      double root = Math.sqrt(x.v[i] / (1 - Math.pow(0.999, t)));
      update[i] = x.m[i] / (1 - Math.pow(0.9, t)) / (root + epsilon);
    }
    return update;
  }

  private static double[] plus(double[] a, double factor, double[] b) {
    double[] sum = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      sum[i] = a[i] + factor * b[i];
    }
    return sum;
  }

  private static void subtract(double[] w, double size, double[] update) {
    for (int i = 0; i < w.length; i++) {
      w[i] -= size * update[i];
    }
  }

  private static double ratio(double[] w, double[] update) {
    double above = norm(w);
    double below = norm(update);
    return above > 0 && below > 0 ? above / below : 1;
  }

  private static double norm(double[] x) {
    double sum = 0;
    for (double each : x) {
      sum += each * each;
    }
    return Math.sqrt(sum);
  }

  static Stream<Arguments> decays() {
    return ORIGINALS.entrySet().stream()
        .flatMap(
            each ->
                Stream.of(
                    arguments(each.getKey(), OptionalDouble.empty()),
                    arguments(each.getKey(), OptionalDouble.of(0)),
                    arguments(each.getKey(), OptionalDouble.of(0.1))));
  }

  @ParameterizedTest(name = "{0}, decay {1}")
  @MethodSource("decays")
  void shouldMatchOriginal(Preset preset, OptionalDouble decay) {
    Schedule rate = Schedule.linearWarmup(0.05, 6);
    Hyperparameters h = preset.hyperparameters(rate);
    Original original = ORIGINALS.get(preset);
    if (decay.isPresent()) {
      h = h.withWeightDecay(decay.getAsDouble());
    }
    LambBuilder builder = Lamb.onCpu().threads(1);
    preset.maxGradNorm().ifPresent(builder::maxGradNorm);
    Random random = new Random(preset.ordinal());
    List<HostParameter> parameters = parameters(random);
    List<Tensor> expected =
        parameters.stream().map(p -> new Tensor(p.weights().floats().array())).toList();
    try (Lamb lamb = builder.group("g", h, parameters).build()) {
      for (int t = 1; t <= STEPS; t++) {
        List<double[]> gradients = newGradients(random, parameters);
        double all = 0;
        for (double[] g : gradients) {
          all = Math.hypot(all, norm(g));
        }
        double factor = all > original.maxNorm ? original.maxNorm / all : 1;
        for (int i = 0; i < gradients.size(); i++) {
          double[] g = plus(new double[gradients.get(i).length], factor, gradients.get(i));
          double own = decay.orElse(original.decay);
          original.step.of(expected.get(i), g, t, rate.at(t), own);
        }
        lamb.step();
      }
    }
    for (int i = 0; i < expected.size(); i++) {
      float[] w = parameters.get(i).weights().floats().array();
      double error = Numbers.relativeError(w, expected.get(i).w);
      assertTrue(error < TOLERANCE, parameters.get(i).name() + " is off by " + error);
    }
  }

  private static List<HostParameter> parameters(Random random) {
    List<HostParameter> parameters = new ArrayList<>();
    for (double[] shape : SHAPES) {
      int count = (int) shape[0];
      float[] weights = Numbers.normal(random, count, shape[1]);
      parameters.add(Parameter.onHost("of " + count, weights, new float[count]));
    }
    return parameters;
  }

  private static List<double[]> newGradients(Random random, List<HostParameter> parameters) {
    List<double[]> gradients = new ArrayList<>();
    for (int i = 0; i < SHAPES.length; i++) {
      float[] drawn = Numbers.normal(random, (int) SHAPES[i][0], SHAPES[i][2]);
      parameters.get(i).gradients().floats().put(0, drawn);
      gradients.add(Numbers.widened(drawn));
    }
    return gradients;
  }

  @Test
  void shouldLimitTrustRatioAsDeepSpeed() {
    List<HostParameter> parameters = parameters(new Random(1));
    newGradients(new Random(2), parameters);
    try (Lamb lamb =
        Lamb.onCpu().group("g", Preset.DEEPSPEED.hyperparameters(0.01), parameters).build()) {
      lamb.step();
      assertEquals(0.01, lamb.layerStats().get(3).trustRatio());
      assertEquals(10, lamb.layerStats().get(4).trustRatio());
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldUseGivenLearningRate(Preset preset) {
    Schedule schedule = Schedule.linearWarmup(1, 10);
    assertEquals(schedule, preset.hyperparameters(schedule).learningRate());
    assertEquals(0.3, preset.hyperparameters(0.3).learningRate().at(7));
    Refusals.assertRefused(() -> preset.hyperparameters(null), "learningRate", "null");
  }
}
