package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.numerics.TileSums;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The tables of one parameter group; the twin of {@code struct Group} in {@code
 * kernels/layout.cuh}.
 */
final class CpuGroup {

  /**
   * The arrays of one parameter. The moments and masters are the optimizer's own.
   *
   * @param weights binary32: the caller's, or the master
   * @param master behind {@code weights}, null without
   * @param model the caller's half-precision weights, null without
   */
  record Segment(
      TileArray weights,
      float[] master,
      TileArray model,
      TileArray gradients,
      float[] expAvg,
      float[] expAvgSq) {

    static Segment of(Parameter parameter) {
      HostParameter host = (HostParameter) parameter;
      int count = host.weights().count();
      float[] master = host.hasMaster() ? new float[count] : null;
      HostArray model = master == null ? host.modelCopy().orElse(null) : host.weights();
      return new Segment(
          new TileArray(master == null ? host.weights() : HostArray.f32(master)),
          master,
          model == null ? null : new TileArray(model),
          new TileArray(host.gradients()),
          new float[count],
          new float[count]);
    }

    /** This segment's state with the arrays of a moved parameter. */
    Segment with(HostParameter host) {
      HostArray copy = master == null ? host.modelCopy().orElse(null) : host.weights();
      return new Segment(
          master == null ? new TileArray(host.weights()) : weights,
          master,
          copy == null ? null : new TileArray(copy),
          new TileArray(host.gradients()),
          expAvg,
          expAvgSq);
    }

    int count() {
      return expAvg.length;
    }
  }

  private final List<String> names;
  private final SumExchange exchange;
  private final int index;

  /** Of the parameters that are not frozen. */
  Tiling tiling;

  /** As {@link #tiling}, of the whole parameters; other ranks may own parts of them. */
  private Tiling whole;

  /** The position of the first tile among those of the whole parameters. */
  int firstSum;

  final Segment[] segments;
  final Hyperparameters hyperparameters;
  final boolean lans;

  /** Whether a report contains the norms. */
  final boolean reportsNorms;

  final BeginStep state;

  /**
   * By tile of the whole parameters: the sums of g^2, of w^2, of r^2 and, for LANS, of the squares
   * of its second term.
   */
  final TileSums gradientSums;

  final TileSums weightSums;
  final TileSums updateSums;
  final TileSums gradientUpdateSums;

  /** By segment: the last step's norms and ratios; the {@code gradient} ones are for LANS. */
  final double[] weightNorms;

  final double[] updateNorms;
  final double[] trustRatios;
  final double[] gradientUpdateNorms;
  final double[] gradientTrustRatios;

  /** By segment: 1 / ||g||. */
  final double[] gradientScales;

  /** By segment: learning rate * trust ratio. */
  final float[] stepSizes;

  final float[] gradientStepSizes;

  /** Sums the squares of the gradients. */
  SpanLoop gradientSquares;

  /**
   * Allocates the state.
   *
   * @param index the group's index
   * @param norms which norms reports contain
   * @param exchange completes the sums
   */
  CpuGroup(ParameterGroup group, int index, ReportedNorms norms, SumExchange exchange) {
    this.exchange = exchange;
    this.index = index;
    names = group.parameters().stream().map(Parameter::name).toList();
    segments = group.parameters().stream().map(Segment::of).toArray(Segment[]::new);
    hyperparameters = group.hyperparameters();
    reportsNorms = norms.include(hyperparameters);
    lans = hyperparameters.updateRule() == UpdateRule.LANS;
    state = new BeginStep(hyperparameters);
    tile(Set.of());
    gradientSums = new TileSums(whole.tileCount());
    weightSums = new TileSums(whole.tileCount());
    updateSums = new TileSums(whole.tileCount());
    gradientUpdateSums = new TileSums(lans ? whole.tileCount() : 0);
    weightNorms = new double[segments.length];
    updateNorms = new double[segments.length];
    trustRatios = new double[segments.length];
    gradientUpdateNorms = new double[segments.length];
    gradientTrustRatios = new double[segments.length];
    gradientScales = new double[segments.length];
    stepSizes = new float[segments.length];
    gradientStepSizes = new float[segments.length];
    resetNorms(0, segments.length);
  }

  /** Treats the frozen segments as if they were empty. */
  void setFrozen(Set<String> frozen) {
    tile(frozen);
    for (int s = 0; s < segments.length; s++) {
      if (frozen.contains(names.get(s))) {
        resetNorms(s, s + 1);
      }
    }
  }

  private void tile(Set<String> frozen) {
    long[] own = new long[segments.length];
    long[] all = new long[segments.length];
    for (int s = 0; s < own.length; s++) {
      if (!frozen.contains(names.get(s))) {
        own[s] = segments[s].count();
        all[s] = exchange.wholeCount(index, s, own[s]);
      }
    }
    tiling = Tiling.of(own);
    whole = Tiling.of(all);
    gradientSquares = new SpanLoop(this, 0, tiling.tileCount(), false, GradientNorm::sumSquares);
    firstSum = exchange.firstTile(index);
  }

  private void resetNorms(int from, int to) {
    Arrays.fill(weightNorms, from, to, 0);
    Arrays.fill(updateNorms, from, to, 0);
    Arrays.fill(trustRatios, from, to, 1);
    Arrays.fill(gradientUpdateNorms, from, to, 0);
    Arrays.fill(gradientTrustRatios, from, to, 1);
  }

  /** Continues after this many steps, without the norms of the last one. */
  void setStep(long step) {
    state.setStep(step);
    resetNorms(0, segments.length);
  }

  /** Whether step sizes depend on norms, so that a step needs two passes. */
  boolean needsRatios() {
    return lans || hyperparameters.isAdapted();
  }

  /** The sum over the tiles of a whole segment. */
  double sumOver(TileSums sums, int segment, Span span) {
    return sums.over(whole.firstTile(segment), whole.tileCount(segment), span.lanes);
  }
}
