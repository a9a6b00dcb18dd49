package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.TileSums;
import io.github.lamb4j.internal.sharding.ShardPlan;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.sharding.HostCollective;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/** Gives all ranks the sums of the tiles that each owns. */
final class ShardSums implements SumExchange {

  /** A step exchanges at most three sums per tile at once, those of w^2, r^2 and c^2. */
  private static final int MOST_SUMS = 3;

  private final HostCollective collective;
  private final ShardPlan plan;
  private final List<ParameterGroup> groups;
  private final ByteBuffer sent;
  private final ByteBuffer received;
  private ShardPlan.LiveTiles live;

  ShardSums(HostCollective collective, ShardPlan plan, List<ParameterGroup> groups) {
    this.collective = collective;
    this.plan = plan;
    this.groups = groups;
    live = plan.live(groups, Set.of());
    int bytes = Math.toIntExact(TileSums.byteCount(MOST_SUMS * plan.tilesPerRank()));
    sent = ByteBuffer.allocateDirect(bytes);
    received = ByteBuffer.allocateDirect(Math.multiplyExact(bytes, plan.ranks()));
  }

  void setFrozen(Set<String> names) {
    live = plan.live(groups, names);
  }

  @Override
  public boolean isNeeded() {
    return true;
  }

  @Override
  public long wholeCount(int group, int segment, long own) {
    return plan.count(group, segment);
  }

  @Override
  public int firstTile(int group) {
    return live.first(collective.rank(), group);
  }

  @Override
  public void complete(List<GroupSums> sums) {
    int bytes = 0;
    for (int rank = 0; rank < plan.ranks(); rank++) {
      bytes = Math.max(bytes, byteCount(rank, sums));
    }
    if (bytes == 0) {
      return;
    }
    sent.clear();
    int own = collective.rank();
    for (GroupSums part : sums) {
      part.sums().export(live.first(own, part.group()), live.count(own, part.group()), sent);
    }
    collective.allGather(sent.clear().limit(bytes), received.clear().limit(bytes * plan.ranks()));
    for (int rank = 0; rank < plan.ranks(); rank++) {
      received.position(rank * bytes);
      for (GroupSums part : sums) {
        part.sums()
            .importFrom(live.first(rank, part.group()), live.count(rank, part.group()), received);
      }
    }
  }

  private int byteCount(int rank, List<GroupSums> sums) {
    int bytes = 0;
    for (GroupSums part : sums) {
      bytes += (int) TileSums.byteCount(live.count(rank, part.group()));
    }
    return bytes;
  }
}
