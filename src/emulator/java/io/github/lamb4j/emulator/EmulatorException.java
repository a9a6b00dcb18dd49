package io.github.lamb4j.emulator;

/**
 * An error that the emulator found: PTX it does not support, or a fault in a kernel or in the host
 * code that a GPU might have accepted.
 */
public final class EmulatorException extends RuntimeException {

  EmulatorException(String message) {
    super(message);
  }

  EmulatorException(String message, Throwable cause) {
    super(message, cause);
  }

  static EmulatorException atLine(int line, String message) {
    return new EmulatorException("PTX line %d: %s".formatted(line, message));
  }
}
