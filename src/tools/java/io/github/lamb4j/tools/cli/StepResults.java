package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.files.WriteFailedException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The folder for the results of one {@code lamb step}. All files of a step change together.
 *
 * <p>They are written to a {@link PendingFolder}, which is renamed when it is complete: that is the
 * moment of change. Then each file is moved to its place. A process killed before that moment
 * leaves the old files; one killed later leaves the new ones, some of them still in the renamed
 * folder. {@link #completeMove(Path)} moves them before anything is read.
 *
 * <p>Calls may have the same folder at the same time. The renamed folder has one name and is never
 * replaced while it has files, so that the results of one call are moved before those of the next,
 * by whichever call comes first to each file.
 */
final class StepResults {

  private static final String COMPLETE = ".lamb4j-complete";

  /** A failed attempt usually means that another call has completed its own results meanwhile. */
  private static final int MOST_ATTEMPTS = 10;

  private final Path out;
  private final Consumer<String> beforeChange;

  private StepResults(Path out, Consumer<String> beforeChange) {
    this.out = out;
    this.beforeChange = beforeChange;
  }

  /** Writes one file. */
  @FunctionalInterface
  interface Writer {
    void write(Path file) throws IOException;
  }

  /**
   * Checks whether results can be written there. Creates nothing yet.
   *
   * @param names the files' names
   * @param beforeChange is told of each change to the file system before it is made, for tests
   * @throws BadInput if they cannot
   */
  StepResults(Path out, List<String> names, Consumer<String> beforeChange) {
    this(out, beforeChange);
    Path existing = out.toAbsolutePath().normalize();
    while (!Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
      throw new BadInput(
          "--out %s: %s is not a directory that can be written to; name another"
              .formatted(Printable.path(out), Printable.path(existing)));
    }
    for (String name : names) {
      Path target = out.resolve(name);
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
          && !Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
        throw new BadInput(Printable.path(target) + ": is not a regular file; move it away");
      }
    }
  }

  /**
   * Completes the move that a killed process began, if there is one.
   *
   * @throws WriteFailedException if that fails
   */
  static void completeMove(Path folder) throws IOException {
    StepResults results = new StepResults(folder, change -> {});
    try {
      results.completeMove();
    } catch (FileSystemException e) {
      throw results.failed(e);
    }
  }

  /**
   * Refuses what {@link #completeMove(Path)} would change.
   *
   * @throws BadInput if there are results that are not in their places yet
   */
  static void requireMoved(Path folder) throws IOException {
    Path complete = folder.resolve(COMPLETE);
    if (Files.isDirectory(complete, LinkOption.NOFOLLOW_LINKS)
        && !PendingFolder.list(complete, "*").isEmpty()) {
      throw new BadInput(
          "%s: has results of a call that was killed, or is still moving them to %s, and a dry run changes nothing; wait for it, or leave out --dry-run"
              .formatted(Printable.path(complete), Printable.path(folder)));
    }
  }

  /**
   * Writes all files.
   *
   * @throws WriteFailedException if that fails; the old files are there still
   */
  void write(Map<String, Writer> writers) throws IOException {
    createOut();
    try {
      PendingFolder.deleteAbandoned(out);
      try (PendingFolder pending = PendingFolder.in(out)) {
        writeTogether(writers, pending);
      }
    } catch (FileSystemException e) {
      throw failed(e);
    }
  }

  private void writeTogether(Map<String, Writer> writers, PendingFolder pending)
      throws IOException {
    try {
      for (Map.Entry<String, Writer> writer : writers.entrySet()) {
        change("write " + writer.getKey());
        Path file = pending.path().resolve(writer.getKey());
        writer.getValue().write(file);
        keepPermissions(out.resolve(writer.getKey()), file);
      }
      complete(pending.path(), writers.keySet());
      AtomicFile.forceDirectory(out);
      pending.delete();
      completeMove();
    } catch (IOException | RuntimeException e) {
      discard(pending, e);
      throw e;
    }
  }

  /** Renames the folder once the results of other calls have been moved. */
  private void complete(Path pending, Set<String> names) throws IOException {
    for (int attempt = 1; ; attempt++) {
      completeMove();
      change("complete");
      requireAll(pending, names);
      try {
        Files.move(pending, out.resolve(COMPLETE), StandardCopyOption.ATOMIC_MOVE);
        return;
      } catch (FileSystemException e) {
        if (attempt == MOST_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /** Half of the results must not replace whole ones. */
  private void requireAll(Path pending, Set<String> names) throws IOException {
    for (String name : names) {
      if (!Files.isRegularFile(pending.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
        throw new WriteFailedException(
            out,
            "cannot be written: another program has removed %s; repeat the command"
                .formatted(Printable.path(pending.resolve(name))),
            null);
      }
    }
  }

  private WriteFailedException failed(FileSystemException e) {
    return e instanceof WriteFailedException w
        ? w
        : new WriteFailedException(
            out, "cannot be written: " + Printable.escape(String.valueOf(e.getMessage())), e);
  }

  private static void discard(PendingFolder pending, Exception failure) {
    try {
      pending.delete();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private void completeMove() throws IOException {
    Path complete = out.resolve(COMPLETE);
    if (!Files.isDirectory(complete, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      for (Path file : PendingFolder.list(complete, "*")) {
        move(file);
      }
      AtomicFile.forceDirectory(out); // a file must not be lost with the folder that it was in
      change("delete");
      Files.delete(complete);
    } catch (NoSuchFileException | DirectoryNotEmptyException e) {
      // Another call has deleted it, or has already completed the next: that call moves the rest.
    }
  }

  private void move(Path file) throws IOException {
    change("move " + file.getFileName());
    try {
      Files.move(file, out.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      // Another call has moved it.
    }
  }

  private void change(String what) {
    beforeChange.accept(what);
  }

  private static void keepPermissions(Path old, Path file) throws IOException {
    var view = Files.getFileAttributeView(old, PosixFileAttributeView.class);
    if (view != null && Files.exists(old, LinkOption.NOFOLLOW_LINKS)) {
      Files.setPosixFilePermissions(file, view.readAttributes().permissions());
    }
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
