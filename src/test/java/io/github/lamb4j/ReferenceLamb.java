package io.github.lamb4j;

import java.util.ArrayList;
import java.util.List;

/**
 * LAMB in binary64 from the formula in {@link Hyperparameters}: plain loops, naive sums, powers by
 * {@code Math.pow}, nothing shared with what it judges.
 */
final class ReferenceLamb {

  /** One parameter's state. */
  static final class Tensor {
    final Hyperparameters h;
    final double[] w;
    final double[] m;
    final double[] v;
    double weightNorm;
    double updateNorm;
    double trustRatio;

    /** The length of the way that the weights have gone, there and back. */
    double travelled;

    private Tensor(Hyperparameters h, float[] weights) {
      this.h = h;
      w = new double[weights.length];
      m = new double[weights.length];
      v = new double[weights.length];
      for (int i = 0; i < weights.length; i++) {
        w[i] = weights[i];
      }
    }
  }

  private final List<Tensor> tensors = new ArrayList<>();
  private double maxGradNorm = Double.POSITIVE_INFINITY;
  private long t;
  double gradientNorm;

  void clip(double maxNorm) {
    maxGradNorm = maxNorm;
  }

  Tensor add(Hyperparameters h, float[] weights) {
    Tensor tensor = new Tensor(h, weights);
    tensors.add(tensor);
    return tensor;
  }

  /** One step with one array of gradients for each tensor. */
  void step(List<float[]> gradients) {
    t++;
    double sum = 0;
    for (float[] g : gradients) {
      for (float x : g) {
        sum += (double) x * x;
      }
    }
    gradientNorm = Math.sqrt(sum);
    double scale = gradientNorm > maxGradNorm ? maxGradNorm / gradientNorm : 1;
    for (int i = 0; i < tensors.size(); i++) {
      step(tensors.get(i), gradients.get(i), scale);
    }
  }

  private void step(Tensor x, float[] gradients, double scale) {
    Hyperparameters h = x.h;
    double mDivisor = h.biasCorrection() == BiasCorrection.MOMENTS ? 1 - Math.pow(h.beta1(), t) : 1;
    double vDivisor = h.biasCorrection() == BiasCorrection.MOMENTS ? 1 - Math.pow(h.beta2(), t) : 1;
    double[] r = new double[x.w.length];
    double sumW = 0;
    double sumR = 0;
    for (int i = 0; i < r.length; i++) {
      double g = gradients[i] * scale;
      x.m[i] = h.beta1() * x.m[i] + (1 - h.beta1()) * g;
      x.v[i] = h.beta2() * x.v[i] + (1 - h.beta2()) * g * g;
      double mHat = x.m[i] / mDivisor;
      double vHat = x.v[i] / vDivisor;
      r[i] = mHat / (Math.sqrt(vHat) + h.epsilon()) + h.weightDecay() * x.w[i];
      sumW += x.w[i] * x.w[i];
      sumR += r[i] * r[i];
    }
    x.weightNorm = Math.sqrt(sumW);
    x.updateNorm = Math.sqrt(sumR);
    x.trustRatio = 1;
    if (h.isAdapted() && x.weightNorm > 0 && x.updateNorm > 0) {
      double phi = clamp(x.weightNorm, h.weightNormLimits());
      x.trustRatio = clamp(phi / x.updateNorm, h.trustRatioLimits());
    }
    double learningRate = h.learningRate().at(t);
    x.travelled += learningRate * x.trustRatio * x.updateNorm;
    for (int i = 0; i < r.length; i++) {
      x.w[i] -= learningRate * x.trustRatio * r[i];
    }
  }

  private static double clamp(double x, Limits limits) {
    return Math.max(limits.min(), Math.min(limits.max(), x));
  }
}
