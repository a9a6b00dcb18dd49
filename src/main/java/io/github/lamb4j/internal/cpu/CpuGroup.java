package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The tables of one parameter group; the twin of {@code struct Group} in {@code
 * kernels/layout.cuh}.
 */
final class CpuGroup {

  /**
   * One parameter: the caller's arrays, and what is ours.
   *
   * @param weights binary32: the caller's, or our master
   * @param model the caller's half weights, null without
   */
  record Segment(
      FloatBuffer weights,
      HostArray model,
      HostArray gradients,
      FloatBuffer expAvg,
      FloatBuffer expAvgSq) {

    static Segment of(Parameter parameter) {
      HostParameter host = (HostParameter) parameter;
      boolean master = host.hasMaster();
      return new Segment(
          master ? zeros(host) : host.weights().floats(),
          master ? host.weights() : host.modelCopy().orElse(null),
          host.gradients(),
          zeros(host),
          zeros(host));
    }

    private static FloatBuffer zeros(Parameter parameter) {
      return FloatBuffer.wrap(new float[(int) parameter.count()]);
    }
  }

  final Tiling tiling;
  final Segment[] segments;
  final Hyperparameters hyperparameters;
  final boolean lans;
  final BeginStep state;

  /** By tile: the sums of w^2 (or of g^2), of r^2 and, for LANS, of its second term's squares. */
  final double[] weightPartials;

  final double[] updatePartials;
  final double[] gradientPartials;

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

  CpuGroup(ParameterGroup group) {
    tiling = Tiling.of(group.counts());
    segments = group.parameters().stream().map(Segment::of).toArray(Segment[]::new);
    hyperparameters = group.hyperparameters();
    lans = hyperparameters.updateRule() == UpdateRule.LANS;
    state = new BeginStep(hyperparameters);
    weightPartials = new double[tiling.tileCount()];
    updatePartials = new double[tiling.tileCount()];
    gradientPartials = new double[lans ? tiling.tileCount() : 0];
    weightNorms = new double[segments.length];
    updateNorms = new double[segments.length];
    trustRatios = new double[segments.length];
    gradientUpdateNorms = new double[segments.length];
    gradientTrustRatios = new double[segments.length];
    gradientScales = new double[segments.length];
    stepSizes = new float[segments.length];
    gradientStepSizes = new float[segments.length];
    forgetNorms();
  }

  private void forgetNorms() {
    Arrays.fill(weightNorms, 0);
    Arrays.fill(updateNorms, 0);
    Arrays.fill(trustRatios, 1);
    Arrays.fill(gradientUpdateNorms, 0);
    Arrays.fill(gradientTrustRatios, 1);
  }

  /** Goes on as if so many steps had been taken; what the last one found is forgotten. */
  void setStep(long step) {
    state.setStep(step);
    forgetNorms();
  }

  Segment segmentOf(int tile) {
    return segments[tiling.segmentOf(tile)];
  }

  /** The first element of a tile, within its segment. */
  int start(int tile) {
    return (tile - tiling.firstTile(tiling.segmentOf(tile))) * Tiling.TILE_ELEMENTS;
  }

  /** The number of elements in a tile. */
  int count(int tile) {
    return Math.min(Tiling.TILE_ELEMENTS, segmentOf(tile).weights().capacity() - start(tile));
  }

  /** What a tile's gradients are multiplied by. */
  double gradientScale(int tile) {
    return lans ? gradientScales[tiling.segmentOf(tile)] : state.gradientScale;
  }
}
