package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.files.WriteFailedException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The folder for the results of one {@code lamb step}. All files of a step change together.
 *
 * <p>They are written to a folder beside them, which is renamed when it is complete: that is the
 * moment of change. Then each file is moved to its place. A process killed before that moment
 * leaves the old files; one killed later leaves the new ones, some of them still in the renamed
 * folder. {@link #completeMove(Path)} moves them before anything is read.
 */
final class StepResults {

  private static final String PENDING = ".lamb4j-pending";
  private static final String COMPLETE = ".lamb4j-complete";

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
   * Writes all files.
   *
   * @throws WriteFailedException if that fails; the old files are there still
   */
  void write(Map<String, Writer> writers) throws IOException {
    createOut();
    Path pending = out.resolve(PENDING);
    try {
      completeMove();
      delete(pending);
      createPrivately(pending);
      for (Map.Entry<String, Writer> writer : writers.entrySet()) {
        change("write " + writer.getKey());
        Path file = pending.resolve(writer.getKey());
        writer.getValue().write(file);
        keepPermissions(out.resolve(writer.getKey()), file);
      }
      change("complete");
      Files.move(pending, out.resolve(COMPLETE), StandardCopyOption.ATOMIC_MOVE);
      AtomicFile.forceDirectory(out);
      completeMove();
    } catch (IOException | RuntimeException e) {
      discard(pending, e);
      if (e instanceof FileSystemException f) {
        throw failed(f);
      }
      throw e;
    }
  }

  private WriteFailedException failed(FileSystemException e) {
    return e instanceof WriteFailedException w
        ? w
        : new WriteFailedException(
            out, "cannot be written: " + Printable.escape(String.valueOf(e.getMessage())), e);
  }

  private static void discard(Path pending, Exception failure) {
    try {
      delete(pending);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private void completeMove() throws IOException {
    Path complete = out.resolve(COMPLETE);
    if (!Files.isDirectory(complete, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    for (Path file : files(complete)) {
      change("move " + file.getFileName());
      Files.move(file, out.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE);
    }
    AtomicFile.forceDirectory(out); // a file must not be lost with the folder that it was in
    change("delete");
    Files.delete(complete);
  }

  private void change(String what) {
    beforeChange.accept(what);
  }

  private static List<Path> files(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(files::add);
    }
    files.sort(null);
    return files;
  }

  private static void delete(Path folder) throws IOException {
    if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      for (Path file : files(folder)) {
        Files.delete(file);
      }
      Files.delete(folder);
    }
  }

  /** A file that will be private must not be readable before it is. */
  private static void createPrivately(Path folder) throws IOException {
    if (Files.getFileAttributeView(folder.getParent(), PosixFileAttributeView.class) == null) {
      Files.createDirectory(folder);
    } else {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
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
