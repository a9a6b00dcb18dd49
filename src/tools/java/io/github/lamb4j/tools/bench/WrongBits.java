package io.github.lamb4j.tools.bench;

/** A number that differs between device and CPU, with its place. */
public final class WrongBits extends RuntimeException {

  private static final long serialVersionUID = 1;

  WrongBits(String message) {
    super(message);
  }
}
