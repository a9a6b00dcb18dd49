package io.github.lamb4j.internal.files;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** A write that was allowed to begin and failed, as on a full disk. */
public final class WriteFailedException extends FileSystemException {

  private static final long serialVersionUID = 1;

  /** The message is the file, then the problem. */
  public WriteFailedException(Path target, String problem, IOException cause) {
    super(Printable.path(target), null, problem);
    initCause(cause);
  }
}
