package io.github.lamb4j.cpu;

import io.github.lamb4j.Moment;
import io.github.lamb4j.Parameter;
import io.github.lamb4j.ParameterGroup;
import io.github.lamb4j.core.Backend;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A step on the CPU, on any number of threads: the same bits as the CUDA backend, tile by tile and
 * sum by sum.
 */
public final class CpuBackend implements Backend {

  private final CpuGroup[] groups;
  private final OptionalDouble maxGradNorm;
  private final double[] gradientSums;
  private final Workers workers;
  private double gradientNorm;

  /**
   * Allocates the moments, all zero.
   *
   * @param groups of host parameters
   * @param maxGradNorm clips the gradients to this norm; empty for no clipping
   * @param threads at least 1
   * @throws IllegalStateException if the Java heap is too small
   */
  public CpuBackend(List<ParameterGroup> groups, OptionalDouble maxGradNorm, int threads) {
    this.maxGradNorm = maxGradNorm;
    gradientSums = new double[groups.stream().mapToInt(g -> g.parameters().size()).sum()];
    try {
      this.groups = groups.stream().map(CpuGroup::new).toArray(CpuGroup[]::new);
    } catch (OutOfMemoryError e) {
      long elements =
          groups.stream().flatMap(g -> g.parameters().stream()).mapToLong(Parameter::count).sum();
      throw new IllegalStateException(
          "the moments of %,d parameters need %,d MiB of Java heap, and it ends at %,d MiB: raise -Xmx"
              .formatted(elements, elements * 8 >> 20, Runtime.getRuntime().maxMemory() >> 20),
          e);
    }
    int indices =
        Arrays.stream(this.groups)
            .mapToInt(g -> Math.max(g.tiling.tileCount(), g.segments.length))
            .max()
            .orElse(0);
    workers = new Workers(Math.min(threads, Workers.useful(indices)));
  }

  @Override
  public void requireUsable() {
    // Any thread will do.
  }

  @Override
  public void step(double[] learningRates) {
    double scale = maxGradNorm.isPresent() ? gradientScale(maxGradNorm.getAsDouble()) : 1;
    for (int i = 0; i < groups.length; i++) {
      CpuGroup group = groups[i];
      group.state.begin(learningRates[i], scale);
      workers.forEach(group.tiling.tileCount(), (tile, x) -> Moments.tile(group, tile, x));
      workers.forEach(
          group.segments.length, (segment, x) -> TrustRatios.segment(group, segment, x));
      workers.forEach(group.tiling.tileCount(), (tile, x) -> Apply.tile(group, tile, x));
    }
  }

  private double gradientScale(double maxNorm) {
    int first = 0;
    for (CpuGroup group : groups) {
      workers.forEach(group.tiling.tileCount(), (tile, x) -> GradientNorm.tile(group, tile, x));
      for (int segment = 0; segment < group.segments.length; segment++) {
        gradientSums[first++] = GradientNorm.segment(group, segment, workers.own());
      }
    }
    gradientNorm = GradientNorm.norm(gradientSums, workers.own());
    return GradientNorm.scale(gradientNorm, maxNorm);
  }

  @Override
  public SegmentNorms[] norms() {
    return Arrays.stream(groups).flatMap(g -> Arrays.stream(g.norms)).toArray(SegmentNorms[]::new);
  }

  @Override
  public double gradientNorm() {
    return gradientNorm;
  }

  @Override
  public void readMoment(int group, int parameter, Moment moment, long offset, FloatBuffer target) {
    target.put(moment(group, parameter, moment).slice((int) offset, target.remaining()));
  }

  @Override
  public void writeMoment(
      int group, int parameter, Moment moment, long offset, FloatBuffer source) {
    moment(group, parameter, moment).slice((int) offset, source.remaining()).put(source);
  }

  private FloatBuffer moment(int group, int parameter, Moment moment) {
    CpuGroup.Segment segment = groups[group].segments[parameter];
    return moment == Moment.FIRST ? segment.expAvg() : segment.expAvgSq();
  }

  @Override
  public void setStep(long step) {
    for (CpuGroup group : groups) {
      group.state.setStep(step);
    }
  }

  @Override
  public void close() {
    workers.close();
  }
}
