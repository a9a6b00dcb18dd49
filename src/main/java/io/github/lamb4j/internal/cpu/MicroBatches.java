package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.PairwiseTree;
import io.github.lamb4j.internal.sharding.ShardPlan;
import io.github.lamb4j.model.HostArray;

/** Sums the gradients of a step's micro-batches; the twin of {@code kernels/sharding.cuh}. */
final class MicroBatches {

  private final ShardPlan plan;
  private final UserArrays arrays;
  private final int count;

  /** By level, group and parameter: the sums that wait for their neighbor. */
  private final float[][][][] kept;

  private int index;
  private final Workers.Task add = this::add;

  /**
   * Allocates the sums.
   *
   * @param count the number of micro-batches in a step, at least 2
   */
  MicroBatches(ShardPlan plan, UserArrays arrays, int count) {
    this.plan = plan;
    this.arrays = arrays;
    this.count = count;
    kept = new float[PairwiseTree.keptLevels(count)][][][];
    for (int level = 0; level < kept.length; level++) {
      kept[level] = arrays.ofWholes();
    }
  }

  /** The sum of all micro-batches, once the last one has been added. */
  HostArray sum(int group, int parameter) {
    return HostArray.f32(kept[0][group][parameter]);
  }

  /** Adds the gradients in memory. */
  void add(int position, Workers workers) {
    index = position;
    workers.forEach(plan.tileCount(), add);
  }

  private void add(int tileIndex, Span span) {
    ShardPlan.Place place = plan.place(tileIndex);
    int group = place.group();
    int parameter = place.parameter();
    if (arrays.isFrozen(group, parameter)) {
      return;
    }
    int start = place.start();
    int length = place.count();
    TileArray gradients = arrays.gradients(group, parameter);
    float[] g = gradients.read(start, length, span.r, span);
    if (g != span.r) {
      System.arraycopy(g, gradients.at(start), span.r, 0, length);
    }
    int levels = PairwiseTree.levels(index, count);
    for (int level = 0; level < kept.length; level++) {
      if ((levels >> level & 1) != 0) {
        span.kernels.add(span.r, 0, kept[level][group][parameter], start, length);
      }
    }
    float[] target = kept[PairwiseTree.target(index, count)][group][parameter];
    System.arraycopy(span.r, 0, target, start, length);
  }
}
