package io.github.lamb4j.internal.safetensors;

import io.github.lamb4j.internal.files.Printable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A safetensors file that cannot be used. The message is one line: the file, the problem and, where
 * there is one, the remedy.
 */
public final class SafetensorsException extends IOException {

  /** The message is the file, then the problem. */
  public SafetensorsException(Path file, String problem) {
    this(file, problem, null);
  }

  SafetensorsException(Path file, String problem, Throwable cause) {
    super(Printable.path(file) + ": " + problem, cause);
  }
}
