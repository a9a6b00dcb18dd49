package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Pieces;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.internal.sharding.ShardPlan;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.ReportSink;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import io.github.lamb4j.sharding.HostCollective;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Steps on the CPU whose gradients are sums, over ranks, micro-batches or both. The fragments of
 * the parameters that this rank owns, and their state, are in a {@link CpuBackend}. The bits are
 * those of a single rank that adds all gradients itself.
 */
final class ShardedCpuBackend implements Backend {

  private final int rank;
  private final ShardPlan plan;
  private final UserArrays arrays;

  /** Null if a step has one micro-batch. */
  private final MicroBatches microBatches;

  /** Null if there is one rank. */
  private final RankExchange ranks;

  private final float[][][] gradientSums;
  private final CpuBackend fragments;

  /**
   * Allocates the state and gives all ranks the weights of the first.
   *
   * @throws IllegalStateException if there is not enough memory
   */
  ShardedCpuBackend(
      List<ParameterGroup> groups, BackendSettings settings, Optional<HostCollective> collective) {
    rank = collective.map(HostCollective::rank).orElse(0);
    plan = new ShardPlan(groups, collective.map(HostCollective::size).orElse(1));
    arrays = new UserArrays(groups);
    int batches = settings.microBatches();
    try {
      microBatches = batches == 1 ? null : new MicroBatches(plan, arrays, batches);
      gradientSums = plan.ranks() == 1 ? null : arrays.ofFragments(plan, rank);
      ranks =
          plan.ranks() == 1
              ? null
              : new RankExchange(
                  collective.orElseThrow(), plan, arrays, this::sentGradients, gradientSums);
      if (ranks != null) {
        try (Workers one = new Workers(1, KernelChoice::best)) {
          ranks.weights.broadcast(one); // before masters are formed from the weights
        }
      }
    } catch (OutOfMemoryError e) {
      throw new IllegalStateException(
          "microBatches %d, ranks %d: not enough memory for sums and buffers of gradients (%s); raise -Xmx, for direct buffers -XX:MaxDirectMemorySize"
              .formatted(batches, plan.ranks(), e.getMessage()),
          e);
    }
    fragments =
        new CpuBackend(
            fragments(groups),
            settings,
            KernelChoice::best,
            ranks == null ? SumExchange.NONE : ranks.sums);
  }

  private TileArray sentGradients(int group, int parameter) {
    return microBatches == null
        ? arrays.gradients(group, parameter)
        : new TileArray(microBatches.sum(group, parameter));
  }

  private List<ParameterGroup> fragments(List<ParameterGroup> groups) {
    List<ParameterGroup> result = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      ParameterGroup group = groups.get(g);
      List<Parameter> fragments = new ArrayList<>();
      for (int p = 0; p < group.parameters().size(); p++) {
        fragments.add(fragment(g, p, (HostParameter) group.parameters().get(p)));
      }
      result.add(new ParameterGroup(group.name(), group.hyperparameters(), fragments));
    }
    return result;
  }

  private HostParameter fragment(int group, int parameter, HostParameter whole) {
    int from = (int) plan.from(rank, group, parameter);
    int count = (int) plan.count(rank, group, parameter);
    return new HostParameter(
        whole.name(),
        slice(whole.weights(), from, count),
        gradients(group, parameter, whole),
        whole.modelCopy().map(copy -> slice(copy, from, count)));
  }

  /** The gradients that the step of a fragment reads. */
  private HostArray gradients(int group, int parameter, HostParameter whole) {
    if (ranks != null) {
      return HostArray.f32(gradientSums[group][parameter]);
    }
    return microBatches == null ? whole.gradients() : microBatches.sum(group, parameter);
  }

  private static HostArray slice(HostArray array, int from, int count) {
    return switch (array.type()) {
      case F32 -> HostArray.f32(array.floats().slice(from, count));
      case F16 -> HostArray.f16(array.halves().slice(from, count));
      case BF16 -> HostArray.bf16(array.halves().slice(from, count));
    };
  }

  @Override
  public void requireUsable() {
    fragments.requireUsable();
  }

  @Override
  public void addMicroBatch(int index) {
    microBatches.add(index, fragments.workers());
  }

  @Override
  public void step(double[] learningRates, long[] steps) {
    if (ranks != null) {
      try {
        ranks.gradients.run(fragments.workers());
      } catch (RuntimeException e) {
        throw new StepNotStarted(e);
      }
    }
    fragments.step(learningRates, steps);
    if (ranks != null && !fragments.isSkipped()) {
      ranks.weights.run(fragments.workers());
    }
  }

  @Override
  public void prepareRates(int group, long first, double[] rates) {
    fragments.prepareRates(group, first, rates);
  }

  @Override
  public void report(ReportSink sink) {
    fragments.report(sink);
  }

  @Override
  public void read(int group, int parameter, StateArray array, long offset, FloatBuffer target) {
    if (ranks == null) {
      fragments.read(group, parameter, array, offset, target);
    } else {
      ranks.read(
          group,
          parameter,
          offset,
          target,
          (at, part) -> fragments.read(group, parameter, array, at, part));
    }
  }

  @Override
  public void write(int group, int parameter, StateArray array, long offset, FloatBuffer source) {
    ShardPlan.Part own = plan.part(rank, group, parameter, offset, source.remaining());
    if (!own.isEmpty()) {
      int at = source.position() + (int) (own.first() - offset);
      long within = own.first() - plan.from(rank, group, parameter);
      fragments.write(group, parameter, array, within, source.slice(at, own.length()));
    }
    if (array == StateArray.MASTER) {
      roundIntoModel(group, parameter, (int) offset, source);
    }
  }

  /** Rounds masters into the weights, including those that other ranks own. */
  private void roundIntoModel(int group, int parameter, int offset, FloatBuffer source) {
    Span span = fragments.workers().own();
    TileArray model = arrays.weights(group, parameter);
    Pieces.forEach(
        0,
        source.remaining(),
        Tiling.TILE_ELEMENTS,
        (at, count) -> {
          source.get(source.position() + at, span.r, 0, count);
          model.write(span.r, 0, offset + at, count, span);
        });
  }

  @Override
  public void setSteps(long[] steps, long skipped) {
    fragments.setSteps(steps, skipped);
  }

  @Override
  public void setFrozen(Set<String> names) {
    arrays.setFrozen(names);
    if (ranks != null) {
      ranks.sums.setFrozen(names);
    }
    fragments.setFrozen(names);
  }

  @Override
  public void accumulate(int group, int parameter, TensorArray source) {
    TileArray to = arrays.gradients(group, parameter);
    Accumulate.add(to, new TileArray((HostArray) source), fragments.workers());
  }

  @Override
  public void move(List<ParameterGroup> moved) {
    arrays.move(moved);
    fragments.move(fragments(moved));
  }

  @Override
  public void close() {
    fragments.close();
  }
}
