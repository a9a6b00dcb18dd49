package io.github.lamb4j.internal.engine;

/** Whether weights and state are consistent: not once a call has failed partway. */
final class Soundness {

  private String failed;
  private Throwable failure;

  /**
   * Rejects calls that need a consistent state.
   *
   * @throws FailedPartwayException if a call has failed partway; the message names it and the cause
   */
  void require() {
    if (failure != null) {
      String cause = failure.getMessage() == null ? failure.toString() : failure.getMessage();
      throw new FailedPartwayException(
          "%s failed partway; restore weights and a saved state into a new optimizer. Cause: %s"
              .formatted(failed, cause),
          failure);
    }
  }

  /**
   * Records that a call has failed partway.
   *
   * @throws FailedPartwayException always, as {@link #require} does from now on
   */
  void fail(String what, Throwable cause) {
    failed = what;
    failure = cause;
    require();
  }
}
