package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.sharding.ShardPlan;
import io.github.lamb4j.model.ParameterGroup;
import java.util.List;
import java.util.Set;

/**
 * Each tile's sums, one array for the tiles of all groups that are not frozen. A rank owns a range
 * of them, and receives the others.
 */
final class ShardSums {

  private final CudaDriver driver;
  private final RankTransport transport;
  private final ShardPlan plan;
  private final int rank;
  private final List<ParameterGroup> groups;
  private final long partials;
  private final long gradientPartials;

  /** Where sums arrive if ranks own different numbers of them. */
  private final long scratch;

  private ShardPlan.LiveTiles live;
  private boolean even;

  /**
   * Allocates the sums.
   *
   * @param scratch the address of at least as many bytes as the sums have
   */
  ShardSums(
      CudaDriver driver,
      DeviceArrays arrays,
      RankTransport transport,
      ShardPlan plan,
      int rank,
      List<ParameterGroup> groups,
      long scratch) {
    this.driver = driver;
    this.transport = transport;
    this.plan = plan;
    this.rank = rank;
    this.groups = groups;
    this.scratch = scratch;
    // One rank more than there are: the longest range may begin at the last tile.
    long tiles = (plan.ranks() + 1L) * plan.tilesPerRank();
    boolean lans =
        groups.stream().anyMatch(g -> g.hyperparameters().updateRule() == UpdateRule.LANS);
    partials = arrays.allocateZeros(tiles * CudaLayout.PARTIAL, Purpose.PARTIAL_SUMS, "all groups");
    gradientPartials =
        lans ? arrays.allocateZeros(tiles * Double.BYTES, Purpose.PARTIAL_SUMS, "all groups") : 0;
    setFrozen(Set.of());
  }

  void setFrozen(Set<String> names) {
    live = plan.live(groups, names);
    even = names.isEmpty();
  }

  /** The number of a group's tiles that lower ranks own. */
  int firstTile(int group) {
    return live.first(rank, group);
  }

  /** The address of the {@code partials} of a group's first tile. */
  long partials(int group) {
    return partials + groupFirst(group) * CudaLayout.PARTIAL;
  }

  /** The address of the {@code gradient_partials} of a group's first tile. */
  long gradientPartials(int group) {
    return gradientPartials == 0 ? 0 : gradientPartials + groupFirst(group) * Double.BYTES;
  }

  private long groupFirst(int group) {
    long tiles = 0;
    for (int g = 0; g < group; g++) {
      tiles += live.count(g);
    }
    return tiles;
  }

  void completePartials(CudaStream on) {
    complete(partials, CudaLayout.PARTIAL, on);
  }

  void completeGradientPartials(CudaStream on) {
    complete(gradientPartials, Double.BYTES, on);
  }

  private void complete(long sums, int bytesEach, CudaStream on) {
    if (even) {
      long bytes = (long) plan.tilesPerRank() * bytesEach;
      transport.allGather(sums + rank * bytes, sums, bytes, on);
      return;
    }
    long most = 0;
    for (int r = 0; r < plan.ranks(); r++) {
      most = Math.max(most, firstOf(r + 1) - firstOf(r));
    }
    if (most == 0) {
      return;
    }
    long bytes = most * bytesEach;
    transport.allGather(sums + firstOf(rank) * bytesEach, scratch, bytes, on);
    for (int r = 0; r < plan.ranks(); r++) {
      long count = firstOf(r + 1) - firstOf(r);
      if (r != rank && count > 0) {
        driver.copyOnDevice(
            sums + firstOf(r) * bytesEach, scratch + r * bytes, count * bytesEach, on);
      }
    }
  }

  /** The number of live tiles that ranks below this one own. */
  private long firstOf(int r) {
    long tiles = 0;
    for (int g = 0; g < groups.size(); g++) {
      tiles += live.first(r, g);
    }
    return tiles;
  }
}
