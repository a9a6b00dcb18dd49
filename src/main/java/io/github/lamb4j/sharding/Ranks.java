package io.github.lamb4j.sharding;

/**
 * What a launcher provides: this process's number, and an exchange of small messages between hosts.
 * lamb4j exchanges messages when it starts, checks its configuration, and saves or loads; never in
 * a step.
 *
 * <p>One thread at a time may use an instance.
 */
public interface Ranks {

  /** {@return the number of this process, from 0 to {@code size() - 1}} */
  int rank();

  /** {@return the number of processes, at least 1} */
  int size();

  /**
   * Sends a message to every rank and waits for the messages of all of them. All ranks must call
   * this the same number of times.
   *
   * @param mine this rank's message; may be empty, and may differ in length from the others
   * @return one message per rank, in the order of ranks; element {@code rank()} equals {@code mine}
   * @throws io.github.lamb4j.error.CollectiveException if a rank failed or did not answer in time
   */
  byte[][] exchange(byte[] mine);
}
