package io.github.lamb4j.sharding;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A group whose ranks are threads of one JVM: for tests, and for several devices of one host. Every
 * rank copies what it receives from the other ranks' send buffers. Buffers may be direct or on the
 * heap.
 *
 * <p>Each member belongs to one thread. The thread of a member may change, if the program orders
 * its calls.
 */
public final class LocalCollective implements HostCollective {

  private final LocalGroup group;
  private final int rank;
  private long calls;
  private volatile boolean closed;

  private LocalCollective(LocalGroup group, int rank) {
    this.group = group;
    this.rank = rank;
  }

  /**
   * Creates a group whose calls wait at most five minutes for other ranks.
   *
   * @param size the number of ranks, at least 1
   * @return one member per rank, in the order of ranks
   * @throws IllegalArgumentException if {@code size} is below 1
   */
  public static List<LocalCollective> of(int size) {
    return of(size, Timeout.DEFAULT);
  }

  /**
   * Creates a group.
   *
   * @param size the number of ranks, at least 1
   * @param timeout how long a call waits for other ranks
   * @return one member per rank, in the order of ranks
   * @throws IllegalArgumentException if {@code size} is below 1, or the timeout is not above 0
   */
  public static List<LocalCollective> of(int size, Duration timeout) {
    if (size < 1) {
      throw new IllegalArgumentException("size " + size + ": must be at least 1");
    }
    LocalGroup group = new LocalGroup(size, Timeout.require(timeout));
    List<LocalCollective> members = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      members.add(new LocalCollective(group, rank));
    }
    return List.copyOf(members);
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return group.size();
  }

  @Override
  public byte[][] exchange(byte[] mine) {
    byte[][] messages = new byte[size()][];
    byte[] message = mine.clone();
    run(
        Operation.EXCHANGE,
        message.length,
        0,
        message,
        () -> {
          for (int other = 0; other < size(); other++) {
            messages[other] = ((byte[]) group.payload(other)).clone();
          }
        });
    return messages;
  }

  @Override
  public void allGather(ByteBuffer send, ByteBuffer receive) {
    HostArguments.allGather(send, receive, size());
    int bytes = send.remaining();
    run(
        Operation.ALL_GATHER,
        bytes,
        0,
        send.duplicate(),
        () -> {
          for (int other = 0; other < size(); other++) {
            copy(other, 0, receive, other * bytes, bytes);
          }
        });
  }

  @Override
  public void allToAll(ByteBuffer send, ByteBuffer receive) {
    HostArguments.allToAll(send, receive, size());
    int bytes = send.remaining() / size();
    run(
        Operation.ALL_TO_ALL,
        send.remaining(),
        0,
        send.duplicate(),
        () -> {
          for (int other = 0; other < size(); other++) {
            copy(other, rank * bytes, receive, other * bytes, bytes);
          }
        });
  }

  @Override
  public void broadcast(ByteBuffer buffer, int root) {
    HostArguments.broadcast(buffer, root, rank, size());
    run(
        Operation.BROADCAST,
        buffer.remaining(),
        root,
        buffer.duplicate(),
        () -> {
          if (rank != root) {
            copy(root, 0, buffer, 0, buffer.remaining());
          }
        });
  }

  /**
   * Breaks the group: the calls of all ranks, waiting or later, fail at once and give this reason.
   * Any thread may call this.
   *
   * @param reason why this rank cannot go on
   */
  public void abort(String reason) {
    Objects.requireNonNull(reason, "reason");
    group.fail(Failure.of(rank, "aborted: " + reason));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      group.fail(Failure.of(rank, "closed its collective"));
    }
  }

  private void run(Operation operation, long bytes, int root, Object payload, Runnable copy) {
    if (closed) {
      throw new IllegalStateException("rank " + rank + ": the collective is closed");
    }
    calls++;
    Request request = new Request(calls, operation, bytes, root);
    group.meet(rank, request, payload);
    copy.run();
    group.part(rank, request);
  }

  /** Copies a part of another rank's buffer; offsets count from the buffers' positions. */
  private void copy(int from, int fromOffset, ByteBuffer to, int toOffset, int bytes) {
    ByteBuffer source = (ByteBuffer) group.payload(from);
    to.put(to.position() + toOffset, source, source.position() + fromOffset, bytes);
  }
}
