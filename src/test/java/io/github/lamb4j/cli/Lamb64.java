package io.github.lamb4j.cli;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/** LAMB as the formula has it, in plain double loops: what the command is compared with. */
final class Lamb64 {

  /** What trust.json holds of one tensor. */
  record Trust(double weightNorm, double updateNorm, double ratio) {}

  final Map<String, double[]> weights = new HashMap<>();
  final Map<String, double[]> firstMoments = new HashMap<>();
  final Map<String, double[]> secondMoments = new HashMap<>();

  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-6;
  double weightDecay = 0.01;
  boolean biasCorrection = true;
  double maxGradNorm = Double.POSITIVE_INFINITY;
  double trustMin = 0;
  double trustMax = Double.POSITIVE_INFINITY;
  double weightNormMax = Double.POSITIVE_INFINITY;
  Predicate<String> undecayed = name -> false;
  Predicate<String> unadapted = name -> false;
  int steps;

  Lamb64(Map<String, float[]> weights) {
    weights.forEach(
        (name, values) -> {
          this.weights.put(name, doubles(values));
          firstMoments.put(name, new double[values.length]);
          secondMoments.put(name, new double[values.length]);
        });
  }

  Map<String, Trust> step(Map<String, float[]> gradients, double learningRate) {
    steps++;
    double squares = 0;
    for (float[] gradient : gradients.values()) {
      squares += Math.pow(norm(doubles(gradient)), 2);
    }
    double scale = Math.min(1, maxGradNorm / Math.sqrt(squares));
    Map<String, Trust> trusts = new HashMap<>();
    for (String name : weights.keySet()) {
      trusts.put(name, step(name, gradients.get(name), scale, learningRate));
    }
    return trusts;
  }

  private Trust step(String name, float[] gradient, double scale, double learningRate) {
    double[] w = weights.get(name);
    double[] m = firstMoments.get(name);
    double[] v = secondMoments.get(name);
    double[] r = new double[w.length];
    double decay = undecayed.test(name) ? 0 : weightDecay;
    double k1 = biasCorrection ? 1 - Math.pow(beta1, steps) : 1;
    double k2 = biasCorrection ? 1 - Math.pow(beta2, steps) : 1;
    for (int i = 0; i < w.length; i++) {
      double g = gradient[i] * scale;
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      r[i] = m[i] / k1 / (Math.sqrt(v[i] / k2) + epsilon) + decay * w[i];
    }
    double weightNorm = norm(w);
    double updateNorm = norm(r);
    double ratio = 1;
    if (!unadapted.test(name) && weightNorm != 0 && updateNorm != 0) {
      ratio = Math.min(weightNorm, weightNormMax) / updateNorm;
      ratio = Math.max(trustMin, Math.min(trustMax, ratio));
    }
    for (int i = 0; i < w.length; i++) {
      w[i] -= learningRate * ratio * r[i];
    }
    return new Trust(weightNorm, updateNorm, ratio);
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
