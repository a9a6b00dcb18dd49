package io.github.lamb4j.sharding;

import io.github.lamb4j.error.CollectiveException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The meeting point of the threads of a {@link LocalCollective}. */
final class LocalGroup {

  private final int size;
  private final Duration timeout;

  /**
   * What each rank brought to the current operation: written under the lock, read between waits.
   */
  private final Request[] requests;

  private final Object[] payloads;

  /** The ranks that wait for the end of the current phase. */
  private final boolean[] present;

  private int arrived;
  private long phase;
  private Failure failure;

  LocalGroup(int size, Duration timeout) {
    this.size = size;
    this.timeout = timeout;
    requests = new Request[size];
    payloads = new Object[size];
    present = new boolean[size];
  }

  int size() {
    return size;
  }

  /**
   * Waits until every rank has brought the same request. {@link #payload} is then valid until this
   * rank calls {@link #part}.
   */
  synchronized void meet(int rank, Request request, Object payload) {
    requireIntact(rank, request);
    requests[rank] = request;
    payloads[rank] = payload;
    if (arrived == size - 1) {
      Failure.disagreement(Arrays.asList(requests)).ifPresent(this::fail);
      requireIntact(rank, request);
    }
    await(rank, request);
  }

  /** Waits until no rank reads payloads any more. */
  synchronized void part(int rank, Request request) {
    requireIntact(rank, request);
    await(rank, request);
  }

  /** {@return what a rank brought to the current operation} */
  Object payload(int rank) {
    return payloads[rank];
  }

  /** Breaks the group, unless it is broken already, and wakes the ranks that wait. */
  synchronized void fail(Failure reason) {
    if (failure == null) {
      failure = reason;
      notifyAll();
    }
  }

  private synchronized void await(int rank, Request request) {
    arrived++;
    if (arrived == size) {
      arrived = 0;
      phase++;
      Arrays.fill(present, false);
      notifyAll();
      return;
    }
    present[rank] = true;
    long current = phase;
    try {
      awaitEnd(current);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(Failure.of(rank, "was interrupted"));
    }
    // A rank may close as soon as the phase has ended: that does not concern this operation.
    if (phase == current) {
      requireIntact(rank, request);
    }
  }

  private synchronized void awaitEnd(long current) throws InterruptedException {
    long start = System.nanoTime();
    while (phase == current && failure == null) {
      long left = timeout.toNanos() - (System.nanoTime() - start);
      if (left <= 0) {
        fail(Failure.overdue(absent(), timeout));
      } else {
        wait(left / 1_000_000, (int) (left % 1_000_000));
      }
    }
  }

  private synchronized List<Integer> absent() {
    List<Integer> ranks = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      if (!present[rank]) {
        ranks.add(rank);
      }
    }
    return ranks;
  }

  private synchronized void requireIntact(int rank, Request request) throws CollectiveException {
    if (failure != null) {
      throw failure.exception(rank, request);
    }
  }
}
