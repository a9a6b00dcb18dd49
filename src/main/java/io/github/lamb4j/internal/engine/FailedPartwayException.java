package io.github.lamb4j.internal.engine;

/** A call failed partway, so that weights or state are not those of any step. */
public final class FailedPartwayException extends IllegalStateException {

  FailedPartwayException(String message, Throwable cause) {
    super(message, cause);
  }
}
