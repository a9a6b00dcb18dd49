package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.sharding.DeviceCollective;
import java.util.concurrent.locks.LockSupport;

/** Exchanges device memory between ranks, in stream order. */
interface RankTransport {

  /** Looks at short intervals, before they become long. */
  int QUICK_LOOKS = 100;

  /** The short interval, about the time of a small kernel. */
  long QUICK_NANOS = 10_000;

  /** The long interval. */
  long SLOW_NANOS = 1_000_000;

  /** Whether a graph can contain an exchange. */
  boolean isCapturable();

  /** As {@link DeviceCollective#allGather}. */
  void allGather(long send, long receive, long bytes, CudaStream on);

  /** As {@link DeviceCollective#allToAll}. */
  void allToAll(long send, long receive, long bytes, CudaStream on);

  /** As {@link DeviceCollective#broadcast}. */
  void broadcast(long address, long bytes, int root, CudaStream on);

  /** Waits for the stream, and fails if a peer has failed or is overdue. */
  void await(CudaDriver driver, CudaStream on);

  /** The transport of a collective of device memory. */
  static RankTransport of(DeviceCollective collective) {
    return new RankTransport() {
      @Override
      public boolean isCapturable() {
        return collective.isCapturable();
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

      /** A peer that died would never let the stream end, so this looks instead of waiting. */
      @Override
      public void await(CudaDriver driver, CudaStream on) {
        for (int looks = 0; !driver.isIdle(on); looks++) {
          collective.check();
          LockSupport.parkNanos(looks < QUICK_LOOKS ? QUICK_NANOS : SLOW_NANOS);
        }
        collective.check();
      }
    };
  }
}
