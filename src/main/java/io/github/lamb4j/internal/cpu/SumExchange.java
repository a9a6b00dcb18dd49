package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.TileSums;
import java.util.List;

/**
 * Completes the sums of tiles if a backend's parameters are fragments, the rest of which other
 * ranks own.
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
  SumExchange NONE =
      new SumExchange() {
        @Override
        public boolean isNeeded() {
          return false;
        }

        @Override
        public long wholeCount(int group, int segment, long own) {
          return own;
        }

        @Override
        public int firstTile(int group) {
          return 0;
        }

        @Override
        public void complete(List<GroupSums> sums) {}
      };

  /** Whether sums are incomplete before an exchange. */
  boolean isNeeded();

  /** The number of elements of a whole parameter of which the backend has {@code own}. */
  long wholeCount(int group, int segment, long own);

  /** The number of a group's tiles that precede the backend's, without those of frozen segments. */
  int firstTile(int group);

  /** Replaces the sums of other ranks' tiles by those that they have formed. */
  void complete(List<GroupSums> sums);
}
