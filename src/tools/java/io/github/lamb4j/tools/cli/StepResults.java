package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.SafetensorsWriter;
import io.github.lamb4j.internal.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The folder for the results of one {@code lamb step}; each file is written whole or not at all.
 */
final class StepResults {

  private static final String PARAMS_FILE = "params.safetensors";
  private static final String STATE_FILE = "state.safetensors";
  private static final String TRUST_FILE = "trust.json";

  private final Path out;

  /**
   * Checks whether results can be written there. Creates nothing yet.
   *
   * @throws BadInput if they cannot
   */
  StepResults(Path out) {
    this.out = out;
    Path existing = out.toAbsolutePath().normalize();
    while (!Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
      throw new BadInput(
          "--out %s: %s is not a directory that can be written to; name another"
              .formatted(Printable.path(out), Printable.path(existing)));
    }
    for (String name : List.of(PARAMS_FILE, STATE_FILE, TRUST_FILE)) {
      Path target = out.resolve(name);
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
          && !Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
        throw new BadInput(Printable.path(target) + ": is not a regular file; move it away");
      }
    }
  }

  /** Tensors and the metadata of their file. */
  record Contents(Map<String, String> metadata, List<TensorSource> tensors) {}

  /** Writes all results. */
  void write(Contents params, Contents state, TrustHistory trust) throws IOException {
    createOut();
    // The state first: it has twice the tensors, so only it can exceed the limits of the format,
    // and
    // then nothing has been replaced.
    SafetensorsWriter.write(out.resolve(STATE_FILE), state.metadata, state.tensors);
    SafetensorsWriter.write(out.resolve(PARAMS_FILE), params.metadata, params.tensors);
    trust.write(out.resolve(TRUST_FILE));
  }

  private void createOut() {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new BadInput(
          "--out %s: cannot be created (%s); name another"
              .formatted(Printable.path(out), e.getMessage()));
    }
  }
}
