package io.github.lamb4j.sharding;

import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.internal.mpi.Mpi;
import io.github.lamb4j.internal.mpi.MpiException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A collective on host memory that connects the processes started by {@code mpirun}, on one host or
 * many, through Open MPI 4 or 5. As a {@link Ranks} it also starts {@link NcclCollective}. Programs
 * that use it declare JNA ({@code net.java.dev.jna:jna}); hosts have Open MPI installed, in Debian
 * the package {@code openmpi-bin}. Linux only.
 *
 * <p>A program that was not started by {@code mpirun} is a group of one rank.
 *
 * <p>Buffers must be direct. One call moves at most 2<sup>31</sup>-1 bytes, the limit of a {@link
 * ByteBuffer}; split larger arrays. Before each operation the ranks exchange headers point to
 * point, so that a rank that is late or makes a different call can be named.
 *
 * <p><b>Errors.</b> After an error, let the program end, as an uncaught exception does. When the
 * JVM exits, it calls {@code MPI_Abort}, and {@code mpirun} ends all other processes with a
 * non-zero status. {@code MPI_Finalize} is not called after an error, because it would wait for the
 * failed rank.
 *
 * <p>One thread at a time may use the collective. A process opens it once, and not again after
 * closing it: MPI cannot be initialized twice.
 */
public final class MpiCollective implements HostCollective {

  private static final int HEADER_TAG = 1;
  private static final int MESSAGE_TAG = 2;
  private static final int HEADER_BYTES = 4 * Long.BYTES;

  /** How long other ranks wait for the messages of the rank that caused an error. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  private static final Operation[] OPERATIONS = Operation.values();

  /** Buffers that MPI may still access after an operation failed; they must not be collected. */
  private static final List<Object> ABANDONED = new ArrayList<>();

  private final Mpi mpi;
  private final Duration timeout;

  /** The headers of all ranks, this rank's own included. */
  private final ByteBuffer headers;

  private long calls;
  private volatile Failure failure;
  private boolean closed;

  private MpiCollective(Mpi mpi, Duration timeout) {
    this.mpi = mpi;
    this.timeout = timeout;
    headers = ByteBuffer.allocateDirect(HEADER_BYTES * mpi.size());
  }

  /**
   * Initializes MPI; calls wait at most five minutes for other ranks. All processes must call this.
   *
   * @return the collective of all processes
   * @throws IllegalStateException if JNA or Open MPI is missing, MPI was initialized before, or the
   *     launcher started several processes of which MPI sees only one
   */
  public static MpiCollective open() {
    return open(Timeout.DEFAULT);
  }

  /**
   * Initializes MPI. All processes must call this.
   *
   * @param timeout how long a call waits for other ranks
   * @return the collective of all processes
   * @throws IllegalStateException if JNA or Open MPI is missing, MPI was initialized before, or the
   *     launcher started several processes of which MPI sees only one
   */
  public static MpiCollective open(Duration timeout) {
    Timeout.require(timeout);
    Mpi mpi = Jna.required("MPI", Mpi::initialize);
    Launchers.requireSize(mpi.size(), System.getenv());
    MpiCollective collective = new MpiCollective(mpi, timeout);
    Runtime.getRuntime().addShutdownHook(new Thread(collective::abortIfBroken, "lamb4j-mpi-abort"));
    return collective;
  }

  @Override
  public int rank() {
    return mpi.rank();
  }

  @Override
  public int size() {
    return mpi.size();
  }

  @Override
  public byte[][] exchange(byte[] mine) {
    ByteBuffer[] messages = new ByteBuffer[size()];
    byte[] message = mine.clone();
    run(Operation.EXCHANGE, message.length, 0, messages, () -> startExchange(message, messages));
    byte[][] result = new byte[size()][];
    for (int other = 0; other < size(); other++) {
      result[other] = new byte[messages[other].remaining()];
      messages[other].get(result[other]);
    }
    return result;
  }

  private void startExchange(byte[] message, ByteBuffer[] messages) {
    messages[rank()] = ByteBuffer.allocateDirect(message.length).put(message).flip();
    for (int other = 0; other < size(); other++) {
      if (other != rank()) {
        messages[other] = ByteBuffer.allocateDirect((int) header(other).bytes());
        mpi.receive(other, messages[other], other, MESSAGE_TAG);
        mpi.send(size() + other, messages[rank()], other, MESSAGE_TAG);
      }
    }
  }

  @Override
  public void allGather(ByteBuffer send, ByteBuffer receive) {
    HostArguments.allGather(send, receive, size());
    HostArguments.requireDirect("send", send);
    HostArguments.requireDirect("receive", receive);
    run(
        Operation.ALL_GATHER,
        send.remaining(),
        0,
        new ByteBuffer[] {send, receive},
        () -> mpi.allGather(0, send, receive));
  }

  @Override
  public void allToAll(ByteBuffer send, ByteBuffer receive) {
    HostArguments.allToAll(send, receive, size());
    HostArguments.requireDirect("send", send);
    HostArguments.requireDirect("receive", receive);
    run(
        Operation.ALL_TO_ALL,
        send.remaining(),
        0,
        new ByteBuffer[] {send, receive},
        () -> mpi.allToAll(0, send, receive));
  }

  @Override
  public void broadcast(ByteBuffer buffer, int root) {
    HostArguments.broadcast(buffer, root, rank(), size());
    HostArguments.requireDirect("buffer", buffer);
    run(
        Operation.BROADCAST,
        buffer.remaining(),
        root,
        new ByteBuffer[] {buffer},
        () -> mpi.broadcast(0, buffer, root));
  }

  /**
   * Ends MPI, once all ranks have called this. After an error it does nothing; the exit of the JVM
   * then ends all processes.
   *
   * @throws CollectiveException if another rank makes a different call or does not close in time
   */
  @Override
  public void close() {
    if (!closed) {
      if (failure == null) {
        run(Operation.CLOSE, 0, 0, new ByteBuffer[0], () -> {});
        mpi.terminate();
      }
      closed = true;
    }
  }

  /** Compares headers, then moves data; buffers are those that MPI accesses. */
  private void run(
      Operation operation, long bytes, int root, ByteBuffer[] buffers, Runnable start) {
    if (closed) {
      throw new IllegalStateException("rank " + rank() + ": the collective is closed");
    }
    calls++;
    Request request = new Request(calls, operation, bytes, root);
    if (failure == null) {
      try {
        failure = attempt(request, start);
      } catch (MpiException e) {
        failure = Failure.of(rank(), "got an error of MPI: " + e.getMessage());
      } catch (RuntimeException | Error e) {
        failure = Failure.of(rank(), "failed: " + e); // a later call would get this one's messages
        throw e;
      } finally {
        if (failure != null) {
          abandon(buffers);
        }
      }
    }
    if (failure != null) {
      throw failure.exception(rank(), request);
    }
  }

  /** {@return why the operation failed, or null} */
  private Failure attempt(Request request, Runnable start) {
    startHeaders(request);
    if (!await()) {
      if (isInterrupted()) {
        return interrupted();
      }
      List<Integer> late = pending();
      if (!late.isEmpty()) { // else the last header arrived just now
        return Failure.overdue(late, timeout);
      }
    }
    Failure disagreement = Failure.disagreement(requests()).orElse(null);
    if (disagreement != null) {
      return disagreement;
    }
    start.run();
    if (await()) {
      return null;
    }
    return isInterrupted() ? interrupted() : Failure.unfinished(timeout);
  }

  private static boolean isInterrupted() {
    return Thread.currentThread().isInterrupted();
  }

  private Failure interrupted() {
    return Failure.of(rank(), "was interrupted");
  }

  private void startHeaders(Request request) {
    headers
        .putLong(HEADER_BYTES * rank(), request.number())
        .putLong(HEADER_BYTES * rank() + 8, request.operation().ordinal())
        .putLong(HEADER_BYTES * rank() + 16, request.bytes())
        .putLong(HEADER_BYTES * rank() + 24, request.root());
    for (int other = 0; other < size(); other++) {
      if (other != rank()) {
        mpi.receive(other, block(other), other, HEADER_TAG);
        mpi.send(size() + other, block(rank()), other, HEADER_TAG);
      }
    }
  }

  private ByteBuffer block(int rank) {
    int start = HEADER_BYTES * rank;
    return headers.duplicate().limit(start + HEADER_BYTES).position(start);
  }

  private Request header(int rank) {
    int start = HEADER_BYTES * rank;
    return new Request(
        headers.getLong(start),
        OPERATIONS[(int) headers.getLong(start + 8)],
        headers.getLong(start + 16),
        (int) headers.getLong(start + 24));
  }

  private List<Request> requests() {
    List<Request> requests = new ArrayList<>();
    for (int other = 0; other < size(); other++) {
      requests.add(header(other));
    }
    return requests;
  }

  /** {@return whether all requests were completed before the timeout and without an interrupt} */
  private boolean await() {
    Backoff backoff = new Backoff();
    long start = System.nanoTime();
    while (!isComplete()) {
      if (System.nanoTime() - start > timeout.toNanos() || isInterrupted()) {
        return false;
      }
      backoff.pause();
    }
    return true;
  }

  private boolean isComplete() {
    boolean complete = true;
    for (int slot = 0; slot < mpi.slots(); slot++) {
      complete &= mpi.test(slot);
    }
    return complete;
  }

  /** {@return the ranks from which, or to which, a header is on its way} */
  private List<Integer> pending() {
    List<Integer> ranks = new ArrayList<>();
    for (int other = 0; other < size(); other++) {
      if (!mpi.test(other) || !mpi.test(size() + other)) {
        ranks.add(other);
      }
    }
    return ranks;
  }

  private void abandon(ByteBuffer[] buffers) {
    synchronized (ABANDONED) {
      ABANDONED.add(buffers);
      ABANDONED.add(this);
    }
  }

  private void abortIfBroken() {
    Failure reason = failure;
    if (reason == null) {
      return;
    }
    if (reason.culprit().orElse(-1) != rank()) {
      // The rank that caused the failure has more to say: let it write its error before it is
      // ended.
      sleep(GRACE);
    }
    mpi.abort();
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
