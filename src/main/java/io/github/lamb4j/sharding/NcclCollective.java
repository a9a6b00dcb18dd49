package io.github.lamb4j.sharding;

import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.internal.nccl.Nccl;
import io.github.lamb4j.internal.nccl.NcclException;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * A collective on device memory through NCCL 2.14 or later, with one rank per GPU, on one host or
 * many. Programs that use it declare JNA ({@code net.java.dev.jna:jna}); hosts have {@code
 * libnccl.so.2} installed (NVIDIA's package {@code libnccl2}).
 *
 * <p>The ranks find each other through a {@link Ranks}: {@link MpiCollective}, {@link FileRanks},
 * or the program's own. It must stay usable, because {@link #exchange} uses it.
 *
 * <p>NCCL works in the primary context of the device. A call returns when its work is enqueued. The
 * first operations also wait for connections to other ranks, at most for the timeout.
 *
 * <p><b>Errors.</b> NCCL rarely knows which rank caused an error. {@link #check()} reports errors
 * of the network, and an operation that is not complete although the timeout has passed since it
 * was enqueued; choose a timeout well above the device's time for all work that the program
 * enqueues between two reports. After an error {@link #close()} aborts the communicator, which also
 * ends its kernels on the device, so that a wait for the stream returns.
 *
 * <p>One thread at a time may use the collective, with the same current device as when it was
 * opened. It must not be used in stream capture.
 */
public final class NcclCollective implements DeviceCollective {

  private final Nccl nccl;
  private final Ranks ranks;
  private final Duration timeout;
  private final Backoff backoff = new Backoff();

  private long calls;
  private Operation operation = Operation.EXCHANGE;
  private long bytes;
  private int root;
  private long recordedAt;
  private Failure failure;
  private boolean closed;

  private NcclCollective(Nccl nccl, Ranks ranks, Duration timeout) {
    this.nccl = nccl;
    this.ranks = ranks;
    this.timeout = timeout;
  }

  /**
   * Connects all ranks, on the current CUDA device of this thread. All ranks must call this. No two
   * ranks may use the same device.
   *
   * @param ranks how the ranks find each other
   * @param timeout how long to wait for connections, and how long an operation may take
   * @return the collective
   * @throws IllegalStateException if JNA, NCCL or the CUDA driver is missing on this rank
   * @throws CollectiveException if they are missing on another rank, versions differ, or connecting
   *     fails
   */
  public static NcclCollective open(Ranks ranks, Duration timeout) {
    // A method reference would load Nccl, and with it JNA, before Jna.required can explain.
    return open(ranks, timeout, () -> Jna.required("NCCL", () -> Nccl.load()));
  }

  static NcclCollective open(Ranks ranks, Duration timeout, Supplier<Nccl> library) {
    Timeout.require(timeout);
    Nccl nccl;
    byte[] mine;
    try {
      nccl = library.get();
      byte[] id = ranks.rank() == 0 ? nccl.newId() : new byte[0];
      mine = NcclRendezvous.ready(nccl.version(), id);
    } catch (IllegalStateException | NcclException e) {
      // The others must not wait for this rank.
      ranks.exchange(NcclRendezvous.failed(e.getMessage()));
      throw e instanceof NcclException
          ? new CollectiveException(ranks.rank(), "open", e.getMessage(), OptionalInt.empty())
          : e;
    }
    byte[] id = NcclRendezvous.agree(ranks.rank(), ranks.exchange(mine));
    NcclCollective collective = new NcclCollective(nccl, ranks, timeout);
    collective.connect(id);
    return collective;
  }

  private void connect(byte[] id) {
    try {
      nccl.connect(id, rank(), size());
      awaitEnqueued();
      nccl.createEvent();
    } catch (NcclException e) {
      failure = failure(e);
    }
    if (failure != null) {
      nccl.abort();
      throw new CollectiveException(rank(), "open", failure.reason(), failure.culprit());
    }
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
    begin(Operation.EXCHANGE, mine.length, 0);
    try {
      return ranks.exchange(mine);
    } catch (CollectiveException e) {
      failure = new Failure(e.reason(), e.culprit());
      throw e;
    }
  }

  @Override
  public void allGather(long send, long receive, long bytes, long stream) {
    begin(Operation.ALL_GATHER, bytes, 0);
    try {
      nccl.allGather(send, receive, bytes, stream);
      end(stream);
    } catch (NcclException e) {
      failure = failure(e);
    }
    requireIntact();
  }

  @Override
  public void allToAll(long send, long receive, long bytes, long stream) {
    begin(Operation.ALL_TO_ALL, bytes, 0);
    try {
      nccl.allToAll(send, receive, bytes, size(), stream);
      end(stream);
    } catch (NcclException e) {
      failure = failure(e);
    }
    requireIntact();
  }

  @Override
  public void broadcast(long address, long bytes, int root, long stream) {
    HostArguments.requireRoot(root, size());
    begin(Operation.BROADCAST, bytes, root);
    try {
      nccl.broadcast(address, bytes, root, stream);
      end(stream);
    } catch (NcclException e) {
      failure = failure(e);
    }
    requireIntact();
  }

  @Override
  public void check() {
    requireOpen();
    requireIntact();
    try {
      nccl.isPending();
      boolean late = System.nanoTime() - recordedAt > timeout.toNanos();
      if (!nccl.isRecordedWorkComplete() && late) {
        failure =
            unknown(
                "not complete %s after it was enqueued; a rank stopped or made a different call"
                    .formatted(Timeout.text(timeout)));
      }
    } catch (NcclException e) {
      failure = failure(e);
    }
    requireIntact();
  }

  /**
   * Waits for operations in progress, at most for the timeout, and ends the communicator. After an
   * error it aborts the communicator at once.
   *
   * @throws CollectiveException if another rank does not close in time
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (failure != null) {
      nccl.abort();
      return;
    }
    calls++;
    describe(Operation.CLOSE, 0, 0);
    try {
      nccl.terminate();
      awaitEnqueued();
      if (failure == null) {
        nccl.destroy();
      }
    } catch (NcclException e) {
      failure = failure(e);
    }
    if (failure != null) {
      nccl.abort();
      requireIntact();
    }
  }

  private void begin(Operation operation, long bytes, int root) {
    requireOpen();
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes " + bytes + ": must not be negative");
    }
    calls++;
    describe(operation, bytes, root);
    requireIntact();
  }

  private void end(long stream) {
    awaitEnqueued();
    if (failure == null) {
      nccl.record(stream);
      recordedAt = System.nanoTime();
    }
  }

  /** Waits until NCCL has enqueued the work, or sets the failure. */
  private void awaitEnqueued() {
    backoff.reset();
    long start = System.nanoTime();
    while (nccl.isPending()) {
      if (System.nanoTime() - start > timeout.toNanos()) {
        failure =
            unknown(
                "NCCL did not connect within %s; a rank stopped or made a different call"
                    .formatted(Timeout.text(timeout)));
        return;
      }
      backoff.pause();
    }
  }

  private void describe(Operation operation, long bytes, int root) {
    this.operation = operation;
    this.bytes = bytes;
    this.root = root;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("rank " + rank() + ": the collective is closed");
    }
  }

  private void requireIntact() {
    if (failure != null) {
      throw failure.exception(rank(), new Request(calls, operation, bytes, root));
    }
  }

  private static Failure failure(NcclException e) {
    return unknown(e.getMessage());
  }

  private static Failure unknown(String reason) {
    return new Failure(reason, OptionalInt.empty());
  }
}
