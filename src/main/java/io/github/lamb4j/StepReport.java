package io.github.lamb4j;

import io.github.lamb4j.core.ReportSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What an optimizer's last step found. Made once by {@link Lamb#newReport()} and filled by {@link
 * Lamb#report(StepReport)} as often as wanted, in one copy from the device and without allocation.
 * Layers are counted from 0, in the order of the groups and their parameters.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class StepReport {

  private final List<ParameterGroup> groups;
  private final String[] names;
  private final int[] firstLayers;
  private final long[] groupSteps;
  private final double[] learningRates;
  private final double[] weightNorms;
  private final double[] updateNorms;
  private final double[] trustRatios;
  private final double[] gradientUpdateNorms;
  private final double[] gradientTrustRatios;
  private final boolean knowsNorm;
  private double gradientNorm;
  private long step;
  private long skipped;
  private boolean halted;

  StepReport(List<ParameterGroup> groups, boolean knowsNorm) {
    this.groups = groups;
    this.knowsNorm = knowsNorm;
    List<String> layers = new ArrayList<>();
    firstLayers = new int[groups.size()];
    for (int g = 0; g < groups.size(); g++) {
      firstLayers[g] = layers.size();
      groups.get(g).parameters().forEach(p -> layers.add(p.name()));
    }
    names = layers.toArray(String[]::new);
    groupSteps = new long[groups.size()];
    learningRates = new double[groups.size()];
    weightNorms = new double[names.length];
    updateNorms = new double[names.length];
    trustRatios = new double[names.length];
    gradientUpdateNorms = new double[names.length];
    gradientTrustRatios = new double[names.length];
    Arrays.fill(trustRatios, 1);
    Arrays.fill(gradientTrustRatios, 1);
  }

  /** The number of steps taken, skipped ones not counted. */
  public long step() {
    return step;
  }

  /** The number of steps skipped for non-finite gradients. */
  public long skippedSteps() {
    return skipped;
  }

  /**
   * The 2-norm of all true gradients of all groups at the last step, taken or skipped, before
   * clipping; NaN if a step does not compute it and is not given it.
   */
  public double gradientNorm() {
    return knowsNorm ? gradientNorm : Double.NaN;
  }

  /** The number of groups. */
  public int groupCount() {
    return learningRates.length;
  }

  /** The learning rate of a group's last step, as used: with the bias correction that is in it. */
  public double learningRate(int group) {
    return learningRates[group];
  }

  /** The number of layers. */
  public int layerCount() {
    return names.length;
  }

  /** A layer's parameter's name. */
  public String name(int layer) {
    return names[layer];
  }

  /** The 2-norm of a layer's weights before the step. */
  public double weightNorm(int layer) {
    return weightNorms[layer];
  }

  /** The 2-norm of a layer's r, the update before the trust ratio and the learning rate. */
  public double updateNorm(int layer) {
    return updateNorms[layer];
  }

  /** The factor that was applied to r. */
  public double trustRatio(int layer) {
    return trustRatios[layer];
  }

  /** The 2-norm of the second term of LANS; 0 for LAMB. */
  public double gradientUpdateNorm(int layer) {
    return gradientUpdateNorms[layer];
  }

  /** The factor that was applied to the second term of LANS; 1 for LAMB. */
  public double gradientTrustRatio(int layer) {
    return gradientTrustRatios[layer];
  }

  List<ParameterGroup> groups() {
    return groups;
  }

  long groupSteps(int group) {
    return groupSteps[group];
  }

  boolean isHalted() {
    return halted;
  }

  /** What fills this report; {@code firstGroupBegan} steps came before the first group. */
  ReportSink sink(long firstGroupBegan) {
    return new ReportSink() {
      @Override
      public void step(double norm, long skippedSteps, boolean isHalted) {
        gradientNorm = norm;
        skipped = skippedSteps;
        halted = isHalted;
      }

      @Override
      public void group(int group, long steps, double learningRate) {
        groupSteps[group] = steps;
        learningRates[group] = learningRate;
        step = groupSteps[0] + firstGroupBegan;
      }

      @Override
      public void segment(
          int group,
          int segment,
          double weightNorm,
          double updateNorm,
          double trustRatio,
          double gradientUpdateNorm,
          double gradientTrustRatio) {
        int layer = firstLayers[group] + segment;
        weightNorms[layer] = weightNorm;
        updateNorms[layer] = updateNorm;
        trustRatios[layer] = trustRatio;
        gradientUpdateNorms[layer] = gradientUpdateNorm;
        gradientTrustRatios[layer] = gradientTrustRatio;
      }
    };
  }
}
