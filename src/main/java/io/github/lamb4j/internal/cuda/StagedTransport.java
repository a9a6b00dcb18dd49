package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.sharding.HostCollective;
import java.nio.ByteBuffer;

/** Exchanges device memory through host memory, piece by piece. Each call waits for the stream. */
final class StagedTransport implements RankTransport {

  /** The size of each buffer, which the ranks share equally. */
  private static final int BUFFER_BYTES = 8 << 20;

  private final CudaDriver driver;
  private final HostCollective collective;
  private final int ranks;
  private final int piece;
  private final ByteBuffer sent;
  private final ByteBuffer received;

  StagedTransport(CudaDriver driver, HostCollective collective) {
    this.driver = driver;
    this.collective = collective;
    ranks = collective.size();
    piece = BUFFER_BYTES / ranks;
    sent = CudaLayout.buffer((long) piece * ranks);
    received = CudaLayout.buffer((long) piece * ranks);
  }

  @Override
  public boolean isCapturable() {
    return false;
  }

  @Override
  public void allGather(long send, long receive, long bytes, CudaStream on) {
    for (long at = 0; at < bytes; at += piece) {
      int length = (int) Math.min(piece, bytes - at);
      driver.copyToHost(sent.slice(0, length), send + at, on);
      collective.allGather(sent.slice(0, length), received.slice(0, length * ranks));
      store(receive + at, bytes, length, on);
    }
  }

  @Override
  public void allToAll(long send, long receive, long bytes, CudaStream on) {
    for (long at = 0; at < bytes; at += piece) {
      int length = (int) Math.min(piece, bytes - at);
      for (int rank = 0; rank < ranks; rank++) {
        driver.copyToHost(sent.slice(rank * length, length), send + rank * bytes + at, on);
      }
      collective.allToAll(sent.slice(0, length * ranks), received.slice(0, length * ranks));
      store(receive + at, bytes, length, on);
    }
  }

  /** Stores each rank's part of what was received. */
  private void store(long address, long stride, int length, CudaStream on) {
    for (int rank = 0; rank < ranks; rank++) {
      driver.copyToDevice(address + rank * stride, received.slice(rank * length, length), on);
    }
  }

  @Override
  public void broadcast(long address, long bytes, int root, CudaStream on) {
    boolean sends = collective.rank() == root;
    for (long at = 0; at < bytes; at += piece) {
      ByteBuffer part = sent.slice(0, (int) Math.min(piece, bytes - at));
      if (sends) {
        driver.copyToHost(part.duplicate(), address + at, on);
      }
      collective.broadcast(part, root);
      if (!sends) {
        driver.copyToDevice(address + at, part.duplicate(), on);
      }
    }
  }

  @Override
  public void await(CudaDriver driver, CudaStream on) {
    driver.synchronize(on); // no peer delays the stream: exchanges are complete when they return
  }
}
