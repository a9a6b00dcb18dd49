package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.report.StepReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Runs the same training with the optimizer and with {@link ReferenceLamb}. The two share no array,
 * so that an optimizer that wrote to its gradients would be detected.
 */
final class Duel implements AutoCloseable {

  /** Relative to the 2-norm of an array. */
  private static final double STATE_TOLERANCE = 2e-6;

  private static final double CHANGE_TOLERANCE = 1e-5;

  private record Pair(
      String name,
      float[] weights,
      float[] gradients,
      float[] initial,
      ReferenceLamb.Tensor expected) {}

  private final Random random;
  private final LambBuilder builder = Lamb.onCpu().threads(2);
  private final ReferenceLamb reference = new ReferenceLamb();
  private final List<Pair> pairs = new ArrayList<>();
  private double weightScale = 0.05;
  private double gradientScale = 0.5;
  private boolean clipping;
  private Lamb lamb;

  Duel(long seed) {
    random = new Random(seed);
  }

  /** Sets the scale of the weights of groups added from now on. */
  Duel weightScale(double scale) {
    weightScale = scale;
    return this;
  }

  Duel gradientScale(double scale) {
    gradientScale = scale;
    return this;
  }

  Duel clip(double maxNorm) {
    builder.maxGradNorm(maxNorm);
    reference.clip(maxNorm);
    clipping = true;
    return this;
  }

  /** Adds a group of parameters with the given numbers of elements. */
  Duel group(String name, Hyperparameters h, int... counts) {
    List<Parameter> parameters = new ArrayList<>();
    for (int count : counts) {
      float[] weights = Numbers.normal(random, count, weightScale);
      Pair pair =
          new Pair(
              name + "." + pairs.size(),
              weights,
              new float[count],
              weights.clone(),
              reference.add(h, weights));
      pairs.add(pair);
      parameters.add(Parameter.onHost(pair.name, pair.weights, pair.gradients));
    }
    builder.group(name, h, parameters);
    return this;
  }

  Lamb lamb() {
    if (lamb == null) {
      lamb = builder.build();
    }
    return lamb;
  }

  /** Takes steps with new random gradients, whose scale varies periodically. */
  Duel steps(int count) {
    for (int i = 0; i < count; i++) {
      double scale = gradientScale * (1 + lamb().stepCount() % 3);
      List<float[]> gradients = new ArrayList<>();
      for (Pair pair : pairs) {
        float[] drawn = Numbers.normal(random, pair.weights.length, scale);
        System.arraycopy(drawn, 0, pair.gradients, 0, drawn.length);
        gradients.add(drawn);
      }
      lamb().step();
      reference.step(gradients);
    }
    return this;
  }

  void assertClose() {
    if (clipping) {
      assertWithin(1e-12, lamb.gradientNorm(), reference.gradientNorm, "gradient norm");
    }
    List<LayerStats> norms = lamb.layerStats();
    StepReport report = lamb.newReport();
    lamb.report(report);
    assertEquals(pairs.size(), norms.size());
    for (int i = 0; i < pairs.size(); i++) {
      assertClose(pairs.get(i), norms.get(i));
      assertSecondTerm(pairs.get(i), report, i);
    }
  }

  private static void assertSecondTerm(Pair pair, StepReport report, int layer) {
    ReferenceLamb.Tensor expected = pair.expected;
    double ratio = report.gradientTrustRatio(layer);
    assertNorm(
        report.gradientUpdateNorm(layer), expected.gradientUpdateNorm, pair.name + ": second norm");
    assertNorm(ratio, expected.gradientTrustRatio, pair.name + ": second ratio");
  }

  private void assertClose(Pair pair, LayerStats norms) {
    ReferenceLamb.Tensor expected = pair.expected;
    String name = pair.name + " of " + pair.weights.length;
    float[] m = Numbers.moment(lamb, pair.name, StateArray.FIRST_MOMENT, pair.weights.length);
    float[] v = Numbers.moment(lamb, pair.name, StateArray.SECOND_MOMENT, pair.weights.length);
    assertAll(
        () -> assertEquals(pair.name, norms.name()),
        () -> assertWithin(STATE_TOLERANCE, pair.weights, expected.w, name + ": w"),
        () -> assertWithin(STATE_TOLERANCE, m, expected.m, name + ": m"),
        () -> assertWithin(STATE_TOLERANCE, v, expected.v, name + ": v"),
        () -> assertWithin(CHANGE_TOLERANCE, errorOfChange(pair), name + ": change of w"),
        () -> assertNorm(norms.weightNorm(), expected.weightNorm, name + ": weight norm"),
        () -> assertNorm(norms.updateNorm(), expected.updateNorm, name + ": update norm"),
        () -> assertNorm(norms.trustRatio(), expected.trustRatio, name + ": trust ratio"));
  }

  private static double errorOfChange(Pair pair) {
    double[] change = Numbers.widened(pair.weights);
    double[] expected = pair.expected.w.clone();
    for (int i = 0; i < change.length; i++) {
      change[i] -= pair.initial[i];
      expected[i] -= pair.initial[i];
    }
    // A single weight may return to its start, so its error is relative to the distance traveled.
    return change.length == 1
        ? Math.abs(change[0] - expected[0]) / pair.expected.traveled
        : Numbers.relativeError(change, expected);
  }

  private static void assertNorm(double actual, double expected, String what) {
    assertWithin(STATE_TOLERANCE, actual, expected, what);
  }

  private static void assertWithin(
      double tolerance, float[] actual, double[] expected, String what) {
    assertWithin(tolerance, Numbers.relativeError(actual, expected), what);
  }

  private static void assertWithin(double tolerance, double actual, double expected, String what) {
    assertWithin(
        tolerance,
        Numbers.relativeError(actual, expected),
        what + " " + actual + " instead of " + expected);
  }

  private static void assertWithin(double tolerance, double error, String what) {
    assertTrue(error <= tolerance, () -> what + " is off by " + error);
  }

  @Override
  public void close() {
    lamb().close();
  }
}
