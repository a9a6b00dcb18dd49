package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.cpu.SumExchange.GroupSums;
import io.github.lamb4j.internal.numerics.Pieces;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.internal.spi.ReportSink;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Runs steps on the CPU, with any number of threads, and gives the same bits as CUDA. */
public final class CpuBackend implements Backend {

  private final CpuGroup[] groups;
  private final SumExchange exchange;
  private SegmentRun[] runs;

  private final GradientOptions options;
  private final GradientNorm gradients;
  private final double[] gradientSums;
  private final List<GroupSums> partialGradientSums = new ArrayList<>();
  private final List<GroupSums> partialSums = new ArrayList<>();
  private final Workers workers;

  /**
   * Allocates the moments, all zero, and the masters, equal to the weights.
   *
   * @param groups of host parameters
   * @param settings gradient handling, threads and reported norms
   * @throws IllegalStateException if there is not enough memory
   */
  public CpuBackend(List<ParameterGroup> groups, BackendSettings settings) {
    this(groups, settings, KernelChoice::best, SumExchange.NONE);
  }

  /**
   * With kernels, which change no bit.
   *
   * @param kernels makes them for each thread
   * @param exchange completes sums between the passes
   */
  CpuBackend(
      List<ParameterGroup> groups,
      BackendSettings settings,
      Supplier<TileKernels> kernels,
      SumExchange exchange) {
    options = settings.gradients();
    this.exchange = exchange;
    gradients = new GradientNorm(options);
    gradientSums = new double[groups.stream().mapToInt(g -> g.parameters().size()).sum()];
    try {
      this.groups = new CpuGroup[groups.size()];
      for (int g = 0; g < this.groups.length; g++) {
        this.groups[g] = new CpuGroup(groups.get(g), g, settings.norms(), exchange);
        addPartialSums(g, this.groups[g]);
      }
      planRuns();
    } catch (OutOfMemoryError e) {
      throw tooSmallHeap(groups, e);
    }
    int indices =
        Arrays.stream(this.groups)
            .mapToInt(g -> Math.max(g.tiling.tileCount(), g.segments.length))
            .max()
            .orElse(0);
    workers = start(Math.min(settings.threads(), Workers.useful(indices)), kernels);
    try {
      for (CpuGroup group : this.groups) {
        beginMasters(group);
      }
    } catch (RuntimeException | Error e) {
      workers.close();
      throw e;
    }
  }

  private static Workers start(int threads, Supplier<TileKernels> kernels) {
    try {
      return new Workers(threads, kernels);
    } catch (OutOfMemoryError e) { // also if the system refuses another thread
      throw new IllegalStateException(
          "threads %d: cannot be started: %s; use fewer, or raise the heap (-Xmx) or the system's limit of threads"
              .formatted(threads, e.getMessage()),
          e);
    }
  }

  private void addPartialSums(int index, CpuGroup group) {
    if (options.computesNorm() || group.lans) {
      partialGradientSums.add(new GroupSums(index, group.gradientSums));
    }
    if (!group.needsRatios() && !group.reportsNorms) {
      return;
    }
    partialSums.add(new GroupSums(index, group.weightSums));
    partialSums.add(new GroupSums(index, group.updateSums));
    if (group.lans) {
      partialSums.add(new GroupSums(index, group.gradientUpdateSums));
    }
  }

  private void planRuns() {
    runs =
        Arrays.stream(groups)
            .flatMap(group -> SegmentRun.of(group).stream())
            .toArray(SegmentRun[]::new);
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
        "the optimizer state of %,d weights needs %,d MiB of Java heap, and its limit is %,d MiB: raise -Xmx"
            .formatted(elements, bytes >> 20, Runtime.getRuntime().maxMemory() >> 20),
        cause);
  }

  private void beginMasters(CpuGroup group) {
    for (CpuGroup.Segment segment : group.segments) {
      if (segment.master() != null) {
        forEachTile(
            segment.count(),
            (start, count, span) ->
                Accumulate.replace(segment.weights(), segment.model(), start, count, span));
      }
    }
  }

  /** Work on a tile of one array. */
  private interface TileTask {
    void run(int start, int count, Span span);
  }

  private void forEachTile(int elements, TileTask task) {
    workers.forEach(
        (int) Tiling.tiles(elements),
        (index, span) -> {
          int start = index * Tiling.TILE_ELEMENTS;
          task.run(start, Math.min(Tiling.TILE_ELEMENTS, elements - start), span);
        });
  }

  @Override
  public void requireUsable() {
    // A CPU step may run on any thread.
  }

  @Override
  public void step(double[] learningRates, long[] steps) {
    for (int i = 0; i < groups.length; i++) {
      groups[i].state.learn(steps[i], learningRates[i]);
    }
    if (decide()) {
      for (CpuGroup group : groups) {
        group.state.begin(gradients.scale);
      }
      if (exchange.isNeeded()) {
        stepBetweenExchanges();
      } else {
        for (SegmentRun run : runs) {
          run.firstPass(workers);
          run.secondPass(workers);
        }
      }
    }
  }

  private void stepBetweenExchanges() {
    for (SegmentRun run : runs) {
      run.firstPass(workers);
    }
    exchange.complete(partialSums);
    for (SegmentRun run : runs) {
      run.secondPass(workers);
    }
  }

  /** Whether the last step was skipped. */
  boolean isSkipped() {
    return gradients.skip;
  }

  Workers workers() {
    return workers;
  }

  /** Whether the step is taken, not skipped. */
  private boolean decide() {
    sumGradientTiles();
    int first = 0;
    for (CpuGroup group : groups) {
      if (options.computesNorm() || group.lans) {
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

  private void sumGradientTiles() {
    for (CpuGroup group : groups) {
      if (options.computesNorm() || group.lans) {
        group.gradientSquares.run(workers);
      }
    }
    if (exchange.isNeeded()) {
      try {
        exchange.complete(partialGradientSums);
      } catch (RuntimeException e) {
        throw new StepNotStarted(e);
      }
    }
  }

  @Override
  public void prepareRates(int group, long first, double[] rates) {
    groups[group].state.prepare(first, rates);
  }

  @Override
  public void report(ReportSink sink) {
    sink.step(gradients.norm, gradients.divisor, gradients.skipped, gradients.halted);
    for (int g = 0; g < groups.length; g++) {
      CpuGroup group = groups[g];
      sink.group(g, group.state.step(), group.state.rate(), group.state.coefficients.learningRate);
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
    int from = (int) offset;
    int to = from + source.remaining();
    state(group, parameter, array).slice(from, to - from).put(source);
    if (array == StateArray.MASTER) {
      CpuGroup.Segment segment = groups[group].segments[parameter];
      Pieces.forEach(
          from,
          to,
          Tiling.TILE_ELEMENTS,
          (start, count) ->
              segment.model().write(segment.master(), start, start, count, workers.own()));
    }
  }

  private FloatBuffer state(int group, int parameter, StateArray array) {
    CpuGroup.Segment segment = groups[group].segments[parameter];
    return FloatBuffer.wrap(
        switch (array) {
          case FIRST_MOMENT -> segment.expAvg();
          case SECOND_MOMENT -> segment.expAvgSq();
          case MASTER -> segment.master();
        });
  }

  @Override
  public void setSteps(long[] steps, long skipped) {
    for (int i = 0; i < groups.length; i++) {
      groups[i].setStep(steps[i]);
    }
    gradients.begin(skipped);
  }

  @Override
  public void setFrozen(Set<String> names) {
    for (CpuGroup group : groups) {
      group.setFrozen(names);
    }
    planRuns();
  }

  @Override
  public void accumulate(int group, int parameter, TensorArray source) {
    TileArray target = groups[group].segments[parameter].gradients();
    Accumulate.add(target, new TileArray((HostArray) source), workers);
  }

  @Override
  public void move(List<ParameterGroup> moved) {
    for (int g = 0; g < groups.length; g++) {
      CpuGroup.Segment[] segments = groups[g].segments;
      for (int s = 0; s < segments.length; s++) {
        segments[s] = segments[s].with((HostParameter) moved.get(g).parameters().get(s));
      }
    }
  }

  @Override
  public void close() {
    workers.close();
  }
}
