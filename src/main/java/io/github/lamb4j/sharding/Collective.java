package io.github.lamb4j.sharding;

/**
 * A group of ranks that move bytes between each other. All ranks must make the same calls in the
 * same order, with the same numbers of bytes.
 *
 * <p>If a rank dies, hangs, or makes a different call, every other rank's call throws {@link
 * io.github.lamb4j.error.CollectiveException} within the timeout of the group. The group stays
 * broken: every later call throws the same reason at once.
 *
 * <p>One thread at a time may use an instance.
 */
public interface Collective extends Ranks, AutoCloseable {

  /**
   * Leaves the group. Other ranks that still communicate fail with an error that names this rank.
   * Closing twice has no effect.
   */
  @Override
  void close();
}
