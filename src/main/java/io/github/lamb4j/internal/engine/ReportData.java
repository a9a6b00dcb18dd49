package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.internal.spi.ReportSink;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.report.StepReport;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The implementation of {@link StepReport}. */
final class ReportData implements StepReport {

  private final List<ParameterGroup> groups;
  private final String[] names;
  private Set<String> frozen = Set.of();

  /** By layer: whether its trust ratio is meaningful: it is adapted, not frozen, and not empty. */
  private final boolean[] adapted;

  /** By layer: whether its norms are computed; they are NaN if not. */
  private final boolean[] hasNorms;

  private final int[] firstLayers;
  private final long[] groupSteps;
  private final double[] rates;
  private final double[] learningRates;
  private final double[] weightNorms;
  private final double[] updateNorms;
  private final double[] trustRatios;
  private final double[] gradientUpdateNorms;
  private final double[] gradientTrustRatios;
  private final boolean knowsNorm;
  private final Sink sink = new Sink();
  private double gradientNorm = Double.NaN;
  private double invalidDivisor = 1;
  private long firstGroupBegan;
  private long skipped;
  private boolean halted;

  ReportData(List<ParameterGroup> groups, boolean knowsNorm, ReportedNorms norms) {
    this.groups = groups;
    this.knowsNorm = knowsNorm;
    int layers = groups.stream().mapToInt(g -> g.parameters().size()).sum();
    names = new String[layers];
    adapted = new boolean[layers];
    hasNorms = new boolean[layers];
    firstLayers = new int[groups.size()];
    int layer = 0;
    for (int g = 0; g < groups.size(); g++) {
      firstLayers[g] = layer;
      for (Parameter parameter : groups.get(g).parameters()) {
        hasNorms[layer] = norms.include(groups.get(g).hyperparameters());
        names[layer++] = parameter.name();
      }
    }
    markAdapted();
    groupSteps = new long[groups.size()];
    rates = new double[groups.size()];
    learningRates = new double[groups.size()];
    weightNorms = new double[layers];
    updateNorms = new double[layers];
    trustRatios = new double[layers];
    gradientUpdateNorms = new double[layers];
    gradientTrustRatios = new double[layers];
    Arrays.fill(trustRatios, 1);
    Arrays.fill(gradientTrustRatios, 1);
    for (layer = 0; layer < layers; layer++) {
      setNorms(layer, 0, 0, 0);
    }
  }

  private void setNorms(int layer, double weight, double update, double gradientUpdate) {
    weightNorms[layer] = hasNorms[layer] ? weight : Double.NaN;
    updateNorms[layer] = hasNorms[layer] ? update : Double.NaN;
    gradientUpdateNorms[layer] = hasNorms[layer] ? gradientUpdate : Double.NaN;
  }

  private void markAdapted() {
    int layer = 0;
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        adapted[layer++] =
            group.hyperparameters().isAdapted()
                && parameter.count() > 0
                && !frozen.contains(parameter.name());
      }
    }
  }

  /** Sets the parameters that are frozen now: they have no trust ratio. */
  void setFrozen(Set<String> parameters) {
    if (frozen != parameters) { // the engine replaces the set when it changes
      frozen = parameters;
      markAdapted();
    }
  }

  @Override
  public long step() {
    return groupSteps[0] + firstGroupBegan;
  }

  @Override
  public long skippedSteps() {
    return skipped;
  }

  @Override
  public double gradientNorm() {
    return knowsNorm ? gradientNorm : Double.NaN;
  }

  @Override
  public int groupCount() {
    return learningRates.length;
  }

  @Override
  public String groupName(int group) {
    return groups.get(group).name();
  }

  @Override
  public double learningRate(int group) {
    return learningRates[group];
  }

  @Override
  public int layerCount() {
    return names.length;
  }

  @Override
  public String name(int layer) {
    return names[layer];
  }

  @Override
  public boolean hasNorms(int layer) {
    return hasNorms[layer];
  }

  @Override
  public double weightNorm(int layer) {
    return weightNorms[layer];
  }

  @Override
  public double updateNorm(int layer) {
    return updateNorms[layer];
  }

  @Override
  public double trustRatio(int layer) {
    return trustRatios[layer];
  }

  @Override
  public double gradientUpdateNorm(int layer) {
    return gradientUpdateNorms[layer];
  }

  @Override
  public double gradientTrustRatio(int layer) {
    return gradientTrustRatios[layer];
  }

  @Override
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

  @Override
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

  double smallestLearningRate() {
    return Arrays.stream(learningRates).min().orElse(0);
  }

  double largestLearningRate() {
    return Arrays.stream(learningRates).max().orElse(0);
  }

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

  /** The last step's learning rate, without bias correction. */
  double rate(int group) {
    return rates[group];
  }

  /** The first product of loss scale and divisor that was not finite and above 0; otherwise 1. */
  double invalidDivisor() {
    return invalidDivisor;
  }

  boolean isHalted() {
    return halted;
  }

  /**
   * The sink through which a backend fills this report.
   *
   * @param firstGroupBegan the optimizer's step count when its first group was added
   */
  ReportSink sink(long firstGroupBegan) {
    this.firstGroupBegan = firstGroupBegan;
    return sink;
  }

  private final class Sink implements ReportSink {

    @Override
    public void step(double norm, double divisor, long skippedSteps, boolean isHalted) {
      gradientNorm = norm;
      invalidDivisor = divisor;
      skipped = skippedSteps;
      halted = isHalted;
    }

    @Override
    public void group(int group, long steps, double rate, double learningRate) {
      rates[group] = rate;
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
      setNorms(layer, weightNorm, updateNorm, gradientUpdateNorm);
      trustRatios[layer] = trustRatio;
      gradientTrustRatios[layer] = gradientTrustRatio;
    }
  }
}
