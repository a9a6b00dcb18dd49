package io.github.lamb4j.tools.cli;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.UpdateRule;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/** LAMB as the formula has it, in plain double loops: what the command is compared with. */
final class Lamb64 {

  /** What trust.json holds of one tensor; the last two are of LANS' second term. */
  record Trust(
      double weightNorm,
      double updateNorm,
      double ratio,
      double gradientUpdateNorm,
      double gradientRatio) {}

  final Map<String, double[]> weights = new HashMap<>();
  final Map<String, double[]> firstMoments = new HashMap<>();
  final Map<String, double[]> secondMoments = new HashMap<>();

  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-6;
  double weightDecay = 0.01;
  boolean decoupledDecay;
  BiasCorrection biasCorrection = BiasCorrection.MOMENTS;
  boolean gradientAveraging = true;
  boolean lans;
  double gradScale = 1;
  double maxGradNorm = Double.POSITIVE_INFINITY;
  double trustMin = 0;
  double trustMax = Double.POSITIVE_INFINITY;
  double weightNormMax = Double.POSITIVE_INFINITY;
  Predicate<String> undecayed = name -> false;
  Predicate<String> unadapted = name -> false;

  /** Whether tensors without weight decay have no trust ratio. */
  boolean adaptedWithDecay;

  int steps;

  Lamb64(Map<String, float[]> weights) {
    weights.forEach(
        (name, values) -> {
          this.weights.put(name, doubles(values));
          firstMoments.put(name, new double[values.length]);
          secondMoments.put(name, new double[values.length]);
        });
  }

  /** Takes over every hyperparameter but the learning rate. */
  void take(Hyperparameters h) {
    beta1 = h.beta1();
    beta2 = h.beta2();
    epsilon = h.epsilon();
    weightDecay = h.weightDecay();
    decoupledDecay = h.decoupledDecay();
    biasCorrection = h.biasCorrection();
    gradientAveraging = h.gradientAveraging();
    lans = h.updateRule() == UpdateRule.LANS;
    trustMin = h.trustRatioLimits().min();
    trustMax = h.trustRatioLimits().max();
    weightNormMax = h.weightNormLimits().max();
    adaptedWithDecay = h.layerAdaptation() == LayerAdaptation.WITH_DECAY;
    unadapted = name -> h.layerAdaptation() == LayerAdaptation.NEVER;
  }

  Map<String, Trust> step(Map<String, float[]> gradients, double learningRate) {
    steps++;
    double squares = 0;
    for (float[] gradient : gradients.values()) {
      squares += Math.pow(norm(doubles(gradient)) / gradScale, 2);
    }
    double scale = Math.min(1, maxGradNorm / Math.sqrt(squares)) / gradScale;
    Map<String, Trust> trusts = new HashMap<>();
    for (String name : weights.keySet()) {
      double[] g = doubles(gradients.get(name));
      double own = lans ? inverse(norm(g)) : scale;
      trusts.put(name, step(name, Arrays.stream(g).map(x -> x * own).toArray(), learningRate));
    }
    return trusts;
  }

  private static double inverse(double norm) {
    return norm == 0 ? 0 : 1 / norm;
  }

  private Trust step(String name, double[] g, double learningRate) {
    double[] w = weights.get(name);
    double[] m = firstMoments.get(name);
    double[] v = secondMoments.get(name);
    double[] r = new double[w.length];
    double[] c = new double[w.length];
    double decay = undecayed.test(name) ? 0 : weightDecay;
    double inner = decoupledDecay ? 0 : decay;
    double outer = decoupledDecay ? decay : 0;
    double k1 = 1 - Math.pow(beta1, steps);
    double k2 = 1 - Math.pow(beta2, steps);
    double rate = learningRate;
    if (biasCorrection == BiasCorrection.LEARNING_RATE) {
      rate *= Math.sqrt(k2) / k1;
    }
    if (biasCorrection != BiasCorrection.MOMENTS) {
      k1 = 1;
      k2 = 1;
    }
    for (int i = 0; i < w.length; i++) {
      w[i] -= learningRate * outer * w[i];
      m[i] = beta1 * m[i] + (gradientAveraging ? 1 - beta1 : 1) * g[i];
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
      double root = Math.sqrt(v[i] / k2) + epsilon;
      r[i] = m[i] / k1 / root + inner * w[i];
      c[i] = g[i] / root + inner * w[i];
    }
    boolean adapted = !unadapted.test(name) && !(adaptedWithDecay && decay == 0);
    double weightNorm = norm(w);
    double ratio = adapted ? ratio(weightNorm, norm(r)) : 1;
    double gradientRatio = adapted && lans ? ratio(weightNorm, norm(c)) : 1;
    for (int i = 0; i < w.length; i++) {
      w[i] -=
          lans
              ? rate * (beta1 * ratio * r[i] + (1 - beta1) * gradientRatio * c[i])
              : rate * ratio * r[i];
    }
    return new Trust(weightNorm, norm(r), ratio, norm(c), gradientRatio);
  }

  private double ratio(double weightNorm, double updateNorm) {
    if (weightNorm == 0 || updateNorm == 0) {
      return 1;
    }
    double ratio = Math.min(weightNorm, weightNormMax) / updateNorm;
    return Math.max(trustMin, Math.min(trustMax, ratio));
  }

  static double norm(double[] values) {
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }

  static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
