package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.TensorFiles;
import java.nio.file.Path;

/** An open file, or the files of an index, and the path, for messages. */
record Source(Path path, TensorFiles file) {

  boolean has(String tensor) {
    return file.tensor(tensor).isPresent();
  }

  /** A refusal of one of its tensors. */
  BadInput refused(String tensor, String why) {
    return new BadInput("%s: tensor %s %s".formatted(this, Printable.value(tensor), why));
  }

  /** The path, printable. */
  @Override
  public String toString() {
    return Printable.path(path);
  }
}
