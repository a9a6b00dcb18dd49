package io.github.lamb4j.emulator;

/**
 * What the emulator found wrong: PTX that it does not know, or a fault of a kernel or of the host
 * code that a GPU would have let pass.
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
