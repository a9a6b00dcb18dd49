package io.github.lamb4j.tools.bench;

import io.github.lamb4j.sharding.HostCollective;
import java.nio.ByteBuffer;

/** Counts the bytes that leave this rank: each block for another rank once. */
final class CountingCollective implements HostCollective {

  private final HostCollective ranks;
  private long sent;

  CountingCollective(HostCollective ranks) {
    this.ranks = ranks;
  }

  /** The bytes sent since this was created. */
  long sent() {
    return sent;
  }

  private void count(long bytesToEach) {
    sent += bytesToEach * (size() - 1);
  }

  @Override
  public int rank() {
    return ranks.rank();
  }

  @Override
  public int size() {
    return ranks.size();
  }

  @Override
  public byte[][] exchange(byte[] mine) {
    count(mine.length);
    return ranks.exchange(mine);
  }

  @Override
  public void allGather(ByteBuffer send, ByteBuffer receive) {
    count(send.remaining());
    ranks.allGather(send, receive);
  }

  @Override
  public void allToAll(ByteBuffer send, ByteBuffer receive) {
    count(send.remaining() / size());
    ranks.allToAll(send, receive);
  }

  @Override
  public void broadcast(ByteBuffer buffer, int root) {
    if (root == rank()) {
      count(buffer.remaining());
    }
    ranks.broadcast(buffer, root);
  }

  @Override
  public void close() {
    ranks.close();
  }
}
