package io.github.lamb4j.sharding;

/**
 * Operations on device memory, enqueued on a CUDA stream. A call returns once its work is enqueued;
 * it does not wait for the device. The buffers must not be used by other work until the stream has
 * passed the operation.
 *
 * <p>Addresses are device addresses of the CUDA device that was current when the collective was
 * opened. Streams are {@code CUstream} or {@code cudaStream_t} handles of that device; 0 is the
 * legacy default stream. Except as stated for {@link #allGather}, buffers must not overlap.
 *
 * <p>Sizes are not compared between ranks: ranks that disagree fail or stall as the device's
 * library decides, which {@link #check()} reports.
 */
public interface DeviceCollective extends Collective {

  /**
   * Collects one block from every rank: block r of {@code receive} becomes rank r's {@code send}.
   * In place is allowed: {@code send == receive + rank() * bytes}.
   *
   * @param send the address of this rank's block
   * @param receive the address of {@code size() * bytes} bytes
   * @param bytes the size of a block in bytes
   * @param stream the stream that the operation is enqueued on
   */
  void allGather(long send, long receive, long bytes, long stream);

  /**
   * Sends one block to every rank: block q at {@code send} becomes block {@code rank()} at rank q's
   * {@code receive}.
   *
   * @param send the address of {@code size() * bytes} bytes, one block for each rank
   * @param receive the address of {@code size() * bytes} bytes, one block from each rank
   * @param bytes the size of a block in bytes
   * @param stream the stream that the operation is enqueued on
   */
  void allToAll(long send, long receive, long bytes, long stream);

  /**
   * Copies one rank's bytes to all others.
   *
   * @param address the address of the bytes to send on rank {@code root}, and of the memory to fill
   *     on all others
   * @param bytes the number of bytes
   * @param root the rank that sends
   * @param stream the stream that the operation is enqueued on
   */
  void broadcast(long address, long bytes, int root, long stream);

  /**
   * {@return whether operations can be captured in a CUDA graph} If not, the optimizer refuses to
   * capture a step. The default is no.
   */
  default boolean isCapturable() {
    return false;
  }

  /**
   * Looks for errors of operations that were enqueued earlier, without waiting. Call it while
   * waiting for the device, in place of a wait without a time limit: a peer that died would never
   * end it.
   *
   * @throws io.github.lamb4j.error.CollectiveException if the communication library reports an
   *     error, or the operation that was enqueued last is not complete although the timeout of this
   *     collective has passed since
   */
  void check();
}
