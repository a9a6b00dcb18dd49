package io.github.lamb4j.tools.cli;

/** A command that failed although its input was accepted: one line on stderr, exit code 1. */
final class CommandFailed extends RuntimeException {

  private static final long serialVersionUID = 1;

  CommandFailed(String message) {
    super(message);
  }
}
