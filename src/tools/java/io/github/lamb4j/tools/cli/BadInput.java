package io.github.lamb4j.tools.cli;

/** Input that a command refuses, before anything was changed: one line on stderr, exit code 2. */
public final class BadInput extends RuntimeException {

  /**
   * Says what is refused.
   *
   * @param message the thing, its value and the remedy
   */
  public BadInput(String message) {
    super(message);
  }
}
