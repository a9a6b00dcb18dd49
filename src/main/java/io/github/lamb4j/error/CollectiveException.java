package io.github.lamb4j.error;

import java.util.OptionalInt;

/**
 * A collective operation failed: a rank died, did not join in time, or requested a different
 * operation. The collective cannot be used any more; end the process and resume from a checkpoint.
 */
public final class CollectiveException extends RuntimeException {

  /** The rank that reports the failure. */
  private final int rank;

  /** The operation that failed. */
  private final String call;

  /** The reason. */
  private final String reason;

  /** The rank that caused the failure, or -1 if it is not known. */
  private final int culprit;

  /**
   * Describes a failed operation.
   *
   * @param rank the rank that reports the failure
   * @param call the operation, for example {@code allGather of 4096 bytes}
   * @param reason the reason
   * @param culprit the rank that caused the failure, or empty if it is not known
   */
  public CollectiveException(int rank, String call, String reason, OptionalInt culprit) {
    super("rank %d: %s failed: %s".formatted(rank, call, reason));
    this.rank = rank;
    this.call = call;
    this.reason = reason;
    this.culprit = culprit.orElse(-1);
  }

  /** {@return the rank that reports the failure} */
  public int rank() {
    return rank;
  }

  /** {@return the operation that failed, for example {@code allGather of 4096 bytes}} */
  public String call() {
    return call;
  }

  /** {@return the reason, without rank and operation} */
  public String reason() {
    return reason;
  }

  /** {@return the rank that caused the failure, or empty if it is not known} */
  public OptionalInt culprit() {
    return culprit < 0 ? OptionalInt.empty() : OptionalInt.of(culprit);
  }
}
