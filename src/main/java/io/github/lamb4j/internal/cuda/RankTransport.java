package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.sharding.DeviceCollective;

/** Exchanges device memory between ranks, in stream order. */
interface RankTransport {

  /** Whether an exchange is enqueued without the host, so that a graph can contain it. */
  boolean isEnqueued();

  /** As {@link DeviceCollective#allGather}. */
  void allGather(long send, long receive, long bytes, CudaStream on);

  /** As {@link DeviceCollective#allToAll}. */
  void allToAll(long send, long receive, long bytes, CudaStream on);

  /** As {@link DeviceCollective#broadcast}. */
  void broadcast(long address, long bytes, int root, CudaStream on);

  /** Fails if a peer has failed or is overdue. */
  void check();

  /** The transport of a collective of device memory. */
  static RankTransport of(DeviceCollective collective) {
    return new RankTransport() {
      @Override
      public boolean isEnqueued() {
        return true;
      }

      @Override
      public void allGather(long send, long receive, long bytes, CudaStream on) {
        collective.allGather(send, receive, bytes, on.address());
      }

      @Override
      public void allToAll(long send, long receive, long bytes, CudaStream on) {
        collective.allToAll(send, receive, bytes, on.address());
      }

      @Override
      public void broadcast(long address, long bytes, int root, CudaStream on) {
        collective.broadcast(address, bytes, root, on.address());
      }

      @Override
      public void check() {
        collective.check();
      }
    };
  }
}
