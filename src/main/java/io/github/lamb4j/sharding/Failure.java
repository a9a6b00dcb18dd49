package io.github.lamb4j.sharding;

import io.github.lamb4j.error.CollectiveException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Why a group is broken.
 *
 * @param reason the reason, which names the rank that caused it
 * @param culprit that rank, if it is known
 */
record Failure(String reason, OptionalInt culprit) {

  static Failure of(int culprit, String reason) {
    return new Failure("rank " + culprit + " " + reason, OptionalInt.of(culprit));
  }

  /** Ranks did not take part in time. */
  static Failure overdue(List<Integer> ranks, Duration timeout) {
    String names = ranks.stream().map(String::valueOf).collect(Collectors.joining(", "));
    String reason = "rank %s did not join within %s".formatted(names, Timeout.text(timeout));
    return new Failure(reason, OptionalInt.of(ranks.get(0)));
  }

  /** All ranks joined, but the data did not arrive. */
  static Failure unfinished(Duration timeout) {
    String reason =
        "all ranks joined, but the data did not arrive within %s; a rank stopped in the meantime"
            .formatted(Timeout.text(timeout));
    return new Failure(reason, OptionalInt.empty());
  }

  /**
   * Compares the requests of all ranks. The result does not depend on who asks, so all ranks report
   * the same.
   *
   * @return the disagreement; it blames the first rank that differs from more than half of them
   */
  static Optional<Failure> disagreement(List<Request> requests) {
    int reference = 0;
    int agreeing = 0;
    for (int rank = 0; rank < requests.size(); rank++) {
      int count = (int) requests.stream().filter(requests.get(rank)::matches).count();
      if (count > agreeing) {
        reference = rank;
        agreeing = count;
      }
    }
    if (agreeing == requests.size()) {
      return Optional.empty();
    }
    int other = 0;
    while (requests.get(other).matches(requests.get(reference))) {
      other++;
    }
    String reason =
        "rank %d called %s, but rank %d called %s"
            .formatted(other, requests.get(other), reference, requests.get(reference));
    boolean majority = 2 * agreeing > requests.size();
    return Optional.of(new Failure(reason, majority ? OptionalInt.of(other) : OptionalInt.empty()));
  }

  CollectiveException exception(int rank, Request request) {
    return new CollectiveException(rank, request.toString(), reason, culprit);
  }
}
