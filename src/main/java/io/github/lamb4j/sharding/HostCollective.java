package io.github.lamb4j.sharding;

import java.nio.ByteBuffer;

/**
 * Operations on host memory. Each call blocks until this rank's part is complete: its receive
 * buffer is filled, and its send buffer may be reused.
 *
 * <p>A buffer is used from its position to its limit, and neither changes. Byte order does not
 * matter. An implementation may require direct buffers. Except as stated for {@link #allGather},
 * buffers must not overlap.
 *
 * <p>All sizes of one call, in bytes, must be the same on every rank. If they are not, or if a rank
 * makes a different call, fails, or does not join in time, every rank's call throws {@link
 * io.github.lamb4j.error.CollectiveException}; receive buffers are then undefined.
 */
public interface HostCollective extends Collective {

  /**
   * Collects one block from every rank: block r of {@code receive} becomes rank r's {@code send}.
   * In place is allowed: {@code send} may be block {@code rank()} of {@code receive}.
   *
   * @param send this rank's block, n bytes
   * @param receive all blocks in the order of ranks, {@code size() * n} bytes
   * @throws IllegalArgumentException if the sizes do not match, or {@code receive} is read-only
   */
  void allGather(ByteBuffer send, ByteBuffer receive);

  /**
   * Sends one block to every rank: block q of {@code send} becomes block {@code rank()} of rank q's
   * {@code receive}.
   *
   * @param send one block for each rank, {@code size() * n} bytes
   * @param receive one block from each rank, {@code size() * n} bytes
   * @throws IllegalArgumentException if the sizes differ or are not a multiple of {@code size()},
   *     or {@code receive} is read-only
   */
  void allToAll(ByteBuffer send, ByteBuffer receive);

  /**
   * Copies one rank's buffer to all others.
   *
   * @param buffer the bytes to send on rank {@code root}, and the memory to fill on all others
   * @param root the rank that sends
   * @throws IllegalArgumentException if the root is out of range, or the buffer is read-only on
   *     another rank than the root
   */
  void broadcast(ByteBuffer buffer, int root);
}
