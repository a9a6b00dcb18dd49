package io.github.lamb4j.sharding;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Runs each rank of a group on a thread of its own. */
final class RankThreads {

  /** One rank's part of a test. */
  interface Part<C> {
    void run(C member) throws Exception;
  }

  private RankThreads() {}

  /** {@return what each rank threw, or null, in the order of ranks} */
  static <C> List<Throwable> run(List<C> members, Part<? super C> part) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(members.size());
    try {
      List<Future<?>> futures = new ArrayList<>();
      for (C member : members) {
        futures.add(
            threads.submit(
                () -> {
                  part.run(member);
                  return null;
                }));
      }
      List<Throwable> thrown = new ArrayList<>();
      for (Future<?> future : futures) {
        thrown.add(failure(future));
      }
      return thrown;
    } finally {
      threads.shutdownNow();
    }
  }

  /** Fails if a rank fails. */
  static <C> void succeed(List<C> members, Part<? super C> part) throws Exception {
    for (Throwable thrown : run(members, part)) {
      if (thrown != null) {
        throw new AssertionError(thrown);
      }
    }
  }

  private static Throwable failure(Future<?> future) throws Exception {
    try {
      future.get(30, TimeUnit.SECONDS);
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }
}
