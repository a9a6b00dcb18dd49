package io.github.lamb4j.internal.engine;

import java.util.List;

/**
 * The step counts of an optimizer.
 *
 * @param step the steps taken
 * @param skipped the steps skipped
 * @param groups by group
 */
public record StepCounts(long step, long skipped, List<Group> groups) {

  /**
   * The most steps, taken or skipped, from which an optimizer resumes: no run takes so many more
   * that a count, or the sum of both, exceeds a long.
   */
  public static final long MOST = 1L << 60;

  /**
   * The step count of one group.
   *
   * @param steps the steps it has taken, fewer than the optimizer if it was added later
   * @param lastRate the learning rate of the last of them; ignored if there is none
   */
  public record Group(long steps, double lastRate) {}

  /** Copies the list. */
  public StepCounts {
    groups = List.copyOf(groups);
  }
}
