package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.TileSums;
import java.util.List;

/**
 * Completes the sums of tiles if a backend's parameters are fragments, the rest of which other
 * ranks own. By default they are whole.
 */
interface SumExchange {

  /**
   * Sums of one group's tiles.
   *
   * @param group the group's index
   * @param sums by tile of the whole parameters
   */
  record GroupSums(int group, TileSums sums) {}

  /** The parameters are whole. */
  SumExchange NONE = new SumExchange() {};

  /** Whether sums are incomplete before an exchange. */
  default boolean isNeeded() {
    return false;
  }

  /** The size of a whole parameter; the backend has {@code own} of its elements. */
  default long wholeCount(int group, int segment, long own) {
    return own;
  }

  /** The number of a group's tiles that precede the backend's, without those of frozen segments. */
  default int firstTile(int group) {
    return 0;
  }

  /** Replaces the sums of other ranks' tiles by those that they have formed. */
  default void complete(List<GroupSums> sums) {}
}
