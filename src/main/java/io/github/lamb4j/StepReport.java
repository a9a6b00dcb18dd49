package io.github.lamb4j;

import io.github.lamb4j.core.ReportSink;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What an optimizer's last step found. Made once by {@link Lamb#newReport()} and filled by {@link
 * Lamb#report(StepReport)} as often as wanted, in one copy from the device; the numbers are kept in
 * the report's own arrays, so that filling it again allocates nothing but what JCuda needs for the
 * copy. Groups and layers are counted from 0, in the order in which they were added.
 *
 * <p>A skipped step changes {@link #skippedSteps} and {@link #gradientNorm} alone; everything else
 * is then that of the last step taken. As long as none was, since the optimizer was built, resumed
 * or given other groups, learning rates and norms are 0, trust ratios 1 and the gradient norm NaN.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class StepReport {

  private final List<ParameterGroup> groups;
  private final String[] names;

  /** By layer: whether its trust ratio is one: the group is adapted, and there are elements. */
  private final boolean[] adapted;

  private final int[] firstLayers;
  private final long[] groupSteps;
  private final double[] learningRates;
  private final double[] weightNorms;
  private final double[] updateNorms;
  private final double[] trustRatios;
  private final double[] gradientUpdateNorms;
  private final double[] gradientTrustRatios;
  private final boolean knowsNorm;
  private final Sink sink = new Sink();
  private double gradientNorm = Double.NaN;
  private long firstGroupBegan;
  private long skipped;
  private boolean halted;

  StepReport(List<ParameterGroup> groups, boolean knowsNorm) {
    this.groups = groups;
    this.knowsNorm = knowsNorm;
    int layers = groups.stream().mapToInt(g -> g.parameters().size()).sum();
    names = new String[layers];
    adapted = new boolean[layers];
    firstLayers = new int[groups.size()];
    int layer = 0;
    for (int g = 0; g < groups.size(); g++) {
      firstLayers[g] = layer;
      for (Parameter parameter : groups.get(g).parameters()) {
        names[layer] = parameter.name();
        adapted[layer++] = groups.get(g).hyperparameters().isAdapted() && parameter.count() > 0;
      }
    }
    groupSteps = new long[groups.size()];
    learningRates = new double[groups.size()];
    weightNorms = new double[layers];
    updateNorms = new double[layers];
    trustRatios = new double[layers];
    gradientUpdateNorms = new double[layers];
    gradientTrustRatios = new double[layers];
    Arrays.fill(trustRatios, 1);
    Arrays.fill(gradientTrustRatios, 1);
  }

  /** The number of steps taken, as {@link Lamb#stepCount}: skipped ones not counted. */
  public long step() {
    return groupSteps[0] + firstGroupBegan;
  }

  /** The number of steps skipped for non-finite gradients. */
  public long skippedSteps() {
    return skipped;
  }

  /**
   * The 2-norm of all true gradients of all groups at the last step, taken or skipped, before
   * clipping; NaN if a step does not compute it and is not given it. It is computed for {@link
   * LambBuilder#maxGradNorm} and {@link LambBuilder#nonFiniteGradients}.
   */
  public double gradientNorm() {
    return knowsNorm ? gradientNorm : Double.NaN;
  }

  /** The number of groups. */
  public int groupCount() {
    return learningRates.length;
  }

  /** A group's name. */
  public String groupName(int group) {
    return groups.get(group).name();
  }

  /**
   * The learning rate of a group's last step, as used: with {@link BiasCorrection#LEARNING_RATE}
   * the schedule's rate times the correction.
   */
  public double learningRate(int group) {
    return learningRates[group];
  }

  /** The number of layers, which is that of all parameters. */
  public int layerCount() {
    return names.length;
  }

  /** A layer's name: its parameter's. */
  public String name(int layer) {
    return names[layer];
  }

  /** The 2-norm of a layer's weights before the step; 0 if it is empty. */
  public double weightNorm(int layer) {
    return weightNorms[layer];
  }

  /**
   * The 2-norm of a layer's r, the update before the trust ratio and the learning rate; 0 if it is
   * empty.
   */
  public double updateNorm(int layer) {
    return updateNorms[layer];
  }

  /** The factor that was applied to r; 1 if the layer is not adapted or one of its norms is 0. */
  public double trustRatio(int layer) {
    return trustRatios[layer];
  }

  /** The 2-norm of c, the second term of {@link UpdateRule#LANS}; 0 for LAMB. */
  public double gradientUpdateNorm(int layer) {
    return gradientUpdateNorms[layer];
  }

  /** The factor that was applied to the second term of {@link UpdateRule#LANS}; 1 for LAMB. */
  public double gradientTrustRatio(int layer) {
    return gradientTrustRatios[layer];
  }

  /**
   * The layer whose trust ratio is the smallest, NaN before all numbers; of several the first. Only
   * layers that have elements and are adapted count; -1 if there is none.
   */
  public int layerOfSmallestTrustRatio() {
    int found = -1;
    for (int layer = 0; layer < names.length; layer++) {
      if (adapted[layer]
          && (found < 0
              || trustRatios[layer] < trustRatios[found]
              || Double.isNaN(trustRatios[layer]) && !Double.isNaN(trustRatios[found]))) {
        found = layer;
      }
    }
    return found;
  }

  /** As {@link #layerOfSmallestTrustRatio}: the largest, and NaN before all numbers here too. */
  public int layerOfLargestTrustRatio() {
    int found = -1;
    for (int layer = 0; layer < names.length; layer++) {
      if (adapted[layer]
          && (found < 0 || Double.compare(trustRatios[layer], trustRatios[found]) > 0)) {
        found = layer;
      }
    }
    return found;
  }

  /** The smallest learning rate of a group. */
  double smallestLearningRate() {
    return Arrays.stream(learningRates).min().orElse(0);
  }

  /** The largest learning rate of a group. */
  double largestLearningRate() {
    return Arrays.stream(learningRates).max().orElse(0);
  }

  /**
   * One line: step, skipped steps, gradient norm if there is one, learning rate, and the smallest
   * and largest trust ratio with their layers. Its form may change.
   */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder("step " + step() + ", " + skipped + " skipped");
    if (knowsNorm) {
      line.append(format(", gradient norm %.4g", gradientNorm));
    }
    double least = smallestLearningRate();
    double most = largestLearningRate();
    line.append(format(", learning rate %.4g", least));
    if (least != most) {
      line.append(format(" to %.4g", most));
    }
    int smallest = layerOfSmallestTrustRatio();
    if (smallest >= 0) {
      int largest = layerOfLargestTrustRatio();
      line.append(format(", trust ratio %.4g (%s)", trustRatios[smallest], names[smallest]));
      line.append(format(" to %.4g (%s)", trustRatios[largest], names[largest]));
    }
    return line.toString();
  }

  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
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
    this.firstGroupBegan = firstGroupBegan;
    return sink;
  }

  private final class Sink implements ReportSink {

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
  }
}
