package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.internal.spi.ReportSink;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * A step on the CPU, on any number of threads: the same bits as the CUDA backend, tile by tile and
 * sum by sum.
 */
public final class CpuBackend implements Backend {

  private final CpuGroup[] groups;
  private final GradientOptions options;
  private final GradientNorm gradients;
  private final double[] gradientSums;
  private final Workers workers;

  /**
   * Allocates the moments, all zero, and the masters, as the weights are.
   *
   * @param groups of host parameters
   * @param options what a step makes of the gradients
   * @param threads at least 1
   * @throws IllegalStateException if the Java heap is too small
   */
  public CpuBackend(List<ParameterGroup> groups, GradientOptions options, int threads) {
    this.options = options;
    gradients = new GradientNorm(options);
    gradientSums = new double[groups.stream().mapToInt(g -> g.parameters().size()).sum()];
    try {
      this.groups = groups.stream().map(CpuGroup::new).toArray(CpuGroup[]::new);
    } catch (OutOfMemoryError e) {
      throw tooSmallHeap(groups, e);
    }
    int indices =
        Arrays.stream(this.groups)
            .mapToInt(g -> Math.max(g.tiling.tileCount(), g.segments.length))
            .max()
            .orElse(0);
    workers = new Workers(Math.min(threads, Workers.useful(indices)));
    for (int g = 0; g < groups.size(); g++) {
      beginMasters(this.groups[g], groups.get(g).parameters());
    }
  }

  private static IllegalStateException tooSmallHeap(
      List<ParameterGroup> groups, OutOfMemoryError cause) {
    long elements = 0;
    long bytes = 0;
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        elements += parameter.count();
        bytes += parameter.count() * Float.BYTES * (parameter.hasMaster() ? 3 : 2);
      }
    }
    return new IllegalStateException(
        "the moments of %,d parameters need %,d MiB of Java heap, and it ends at %,d MiB: raise -Xmx"
            .formatted(elements, bytes >> 20, Runtime.getRuntime().maxMemory() >> 20),
        cause);
  }

  private void beginMasters(CpuGroup group, List<Parameter> parameters) {
    for (int s = 0; s < parameters.size(); s++) {
      if (parameters.get(s).hasMaster()) {
        CpuGroup.Segment segment = group.segments[s];
        forEachTile(
            group,
            s,
            (start, count, x) ->
                Accumulate.replace(segment.weights(), segment.model(), start, count, x));
      }
    }
  }

  /** Work on a tile of one segment. */
  private interface TileTask {
    void run(int start, int count, Scratch x);
  }

  private void forEachTile(CpuGroup group, int segment, TileTask task) {
    int first = group.tiling.firstTile(segment);
    workers.forEach(
        group.tiling.tileCount(segment),
        (tile, x) -> task.run(tile * Tiling.TILE_ELEMENTS, group.count(first + tile), x));
  }

  @Override
  public void requireUsable() {
    // Any thread will do.
  }

  @Override
  public void step(double[] learningRates, long[] steps) {
    for (int i = 0; i < groups.length; i++) {
      groups[i].state.learn(steps[i], learningRates[i]);
    }
    if (decide()) {
      for (CpuGroup group : groups) {
        group.state.begin(gradients.scale);
        workers.forEach(group.tiling.tileCount(), (tile, x) -> Moments.tile(group, tile, x));
        workers.forEach(
            group.segments.length, (segment, x) -> TrustRatios.segment(group, segment, x));
        workers.forEach(group.tiling.tileCount(), (tile, x) -> Apply.tile(group, tile, x));
      }
    }
  }

  /** Whether the step is to be taken. */
  private boolean decide() {
    int first = 0;
    for (CpuGroup group : groups) {
      if (options.computesNorm() || group.lans) {
        workers.forEach(group.tiling.tileCount(), (tile, x) -> GradientNorm.tile(group, tile, x));
        for (int segment = 0; segment < group.segments.length; segment++) {
          gradientSums[first + segment] = GradientNorm.segment(group, segment, workers.own());
        }
      }
      first += group.segments.length;
    }
    if (!options.isNone()) {
      gradients.decide(gradientSums, options.computesNorm() ? first : 0, workers.own());
    }
    return !gradients.skip;
  }

  @Override
  public void prepareRates(int group, long first, double[] rates) {
    groups[group].state.prepare(first, rates);
  }

  @Override
  public void report(ReportSink sink) {
    sink.step(gradients.norm, gradients.skipped, gradients.halted);
    for (int g = 0; g < groups.length; g++) {
      CpuGroup group = groups[g];
      sink.group(g, group.state.step(), group.state.learningRate);
      for (int s = 0; s < group.segments.length; s++) {
        sink.segment(
            g,
            s,
            group.weightNorms[s],
            group.updateNorms[s],
            group.trustRatios[s],
            group.gradientUpdateNorms[s],
            group.gradientTrustRatios[s]);
      }
    }
  }

  @Override
  public void read(int group, int parameter, StateArray array, long offset, FloatBuffer target) {
    target.put(state(group, parameter, array).slice((int) offset, target.remaining()));
  }

  @Override
  public void write(int group, int parameter, StateArray array, long offset, FloatBuffer source) {
    int count = source.remaining();
    FloatBuffer written = state(group, parameter, array).slice((int) offset, count);
    written.duplicate().put(source);
    if (array == StateArray.MASTER) {
      HostArray model = groups[group].segments[parameter].model();
      Scratch x = workers.own();
      for (int start = 0; start < count; start += Tiling.TILE_ELEMENTS) {
        int piece = Math.min(Tiling.TILE_ELEMENTS, count - start);
        Scratch.load(written, start, piece, x.w);
        x.round(x.w, model, (int) offset + start, piece);
      }
    }
  }

  private FloatBuffer state(int group, int parameter, StateArray array) {
    CpuGroup.Segment segment = groups[group].segments[parameter];
    return switch (array) {
      case FIRST_MOMENT -> segment.expAvg();
      case SECOND_MOMENT -> segment.expAvgSq();
      case MASTER -> segment.weights();
    };
  }

  @Override
  public void setSteps(long[] steps, long skipped) {
    for (int i = 0; i < groups.length; i++) {
      groups[i].setStep(steps[i]);
    }
    gradients.begin(skipped);
  }

  @Override
  public void accumulate(int group, int parameter, TensorArray source) {
    FloatBuffer target = groups[group].segments[parameter].gradients().floats();
    forEachTile(
        groups[group],
        parameter,
        (start, count, x) -> Accumulate.add(target, (HostArray) source, start, count, x));
  }

  @Override
  public void close() {
    workers.close();
  }
}
