package io.github.lamb4j;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.UpdateRule;
import java.util.ArrayList;
import java.util.List;

/**
 * LAMB in double precision, written from the formula in {@link Hyperparameters} with plain loops,
 * naive sums and {@code Math.pow}. It shares no code with the implementation.
 */
public final class ReferenceLamb {

  /** The weights and state of one parameter. */
  public static final class Tensor {
    final Hyperparameters h;
    public final double[] w;
    public final double[] m;
    public final double[] v;
    public double weightNorm;
    public double updateNorm;
    public double trustRatio;

    /** The norm of c, the second term of LANS. */
    public double gradientUpdateNorm;

    public double gradientTrustRatio = 1;

    /** The sum of the lengths of all updates. */
    double traveled;

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
  private double lossScale = 1;
  private long t;
  double gradientNorm;

  public void clip(double maxNorm) {
    maxGradNorm = maxNorm;
  }

  public void lossScale(double scale) {
    lossScale = scale;
  }

  public Tensor add(Hyperparameters h, float[] weights) {
    Tensor tensor = new Tensor(h, weights);
    tensors.add(tensor);
    return tensor;
  }

  /** Takes one step, with one array of gradients for each parameter. */
  public void step(List<float[]> gradients) {
    t++;
    double sum = 0;
    for (float[] g : gradients) {
      for (float x : g) {
        sum += (double) x * x;
      }
    }
    gradientNorm = Math.sqrt(sum) / lossScale;
    double scale = (gradientNorm > maxGradNorm ? maxGradNorm / gradientNorm : 1) / lossScale;
    for (int i = 0; i < tensors.size(); i++) {
      step(tensors.get(i), gradients.get(i), scale);
    }
  }

  private void step(Tensor x, float[] gradients, double scale) {
    Hyperparameters h = x.h;
    boolean lans = h.updateRule() == UpdateRule.LANS;
    double learningRate = h.learningRate().at(t);
    double mDivisor = 1 - Math.pow(h.beta1(), t);
    double vDivisor = 1 - Math.pow(h.beta2(), t);
    boolean ofMoments = h.biasCorrection() == BiasCorrection.MOMENTS;
    double decay = h.decoupledDecay() ? 0 : h.weightDecay();
    double share = h.gradientAveraging() ? 1 - h.beta1() : 1;
    double gradientNorm = norm(gradients);
    double[] r = new double[x.w.length];
    double[] c = new double[x.w.length];
    for (int i = 0; i < r.length; i++) {
      double g = gradients[i] * scale;
      if (lans) {
        g = gradientNorm == 0 ? 0 : gradients[i] / gradientNorm;
      }
      x.w[i] -= h.decoupledDecay() ? learningRate * h.weightDecay() * x.w[i] : 0;
      x.m[i] = h.beta1() * x.m[i] + share * g;
      x.v[i] = h.beta2() * x.v[i] + (1 - h.beta2()) * g * g;
      double mHat = ofMoments ? x.m[i] / mDivisor : x.m[i];
      double vHat = ofMoments ? x.v[i] / vDivisor : x.v[i];
      r[i] = mHat / (Math.sqrt(vHat) + h.epsilon()) + decay * x.w[i];
      c[i] = g / (Math.sqrt(vHat) + h.epsilon()) + decay * x.w[i];
    }
    if (h.biasCorrection() == BiasCorrection.LEARNING_RATE) {
      learningRate *= Math.sqrt(vDivisor) / mDivisor;
    }
    x.weightNorm = norm(x.w);
    x.updateNorm = norm(r);
    x.trustRatio = trustRatio(h, x.weightNorm, x.updateNorm);
    double first = learningRate * x.trustRatio * (lans ? h.beta1() : 1);
    double second = 0;
    if (lans) {
      x.gradientUpdateNorm = norm(c);
      x.gradientTrustRatio = trustRatio(h, x.weightNorm, x.gradientUpdateNorm);
      second = learningRate * x.gradientTrustRatio * (1 - h.beta1());
    }
    x.traveled += first * x.updateNorm + second * x.gradientUpdateNorm;
    for (int i = 0; i < r.length; i++) {
      x.w[i] -= first * r[i] + second * c[i];
    }
  }

  private static double trustRatio(Hyperparameters h, double weightNorm, double updateNorm) {
    boolean adapted =
        switch (h.layerAdaptation()) {
          case ALWAYS -> true;
          case WITH_DECAY -> h.weightDecay() > 0;
          case NEVER -> false;
        };
    if (!adapted || weightNorm == 0 || updateNorm == 0) {
      return 1;
    }
    double phi = clamp(weightNorm, h.weightNormLimits());
    return clamp(phi / updateNorm, h.trustRatioLimits());
  }

  public static double norm(float[] x) {
    return norm(Numbers.widened(x));
  }

  public static double norm(double[] x) {
    double sum = 0;
    for (double each : x) {
      sum += each * each;
    }
    return Math.sqrt(sum);
  }

  private static double clamp(double x, Limits limits) {
    return Math.max(limits.min(), Math.min(limits.max(), x));
  }
}
