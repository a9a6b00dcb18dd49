package io.github.lamb4j.tools.cli;

/** Input that a command refuses before it changes anything: one line on stderr, exit code 2. */
public final class BadInput extends RuntimeException {

  /**
   * Creates a refusal.
   *
   * @param message names the thing, its value and the remedy
   */
  public BadInput(String message) {
    super(message);
  }
}
