package io.github.lamb4j.internal.cuda;

/** Cleanup after a constructor has failed. */
final class Cleanup {

  private Cleanup() {}

  /**
   * Runs all steps, even if some fail: there is no second try.
   *
   * @param cause the failure of the constructor, to which those of the steps are added
   */
  static void after(Throwable cause, Runnable... steps) {
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (RuntimeException e) {
        cause.addSuppressed(e);
      }
    }
  }
}
