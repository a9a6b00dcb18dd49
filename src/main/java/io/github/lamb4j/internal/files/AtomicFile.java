package io.github.lamb4j.internal.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.UUID;

/**
 * Writes a file whole or not at all.
 *
 * <p>The content goes to a new file in the target's directory, is forced to the disk and then
 * renamed to the target. Readers of the target see the old content or the new, never a part. A
 * process that is killed meanwhile leaves the target as it was, and beside it a file named {@code
 * .lamb4j-*.tmp} that may be deleted.
 */
public final class AtomicFile {

  private AtomicFile() {}

  /** The content of a file. */
  @FunctionalInterface
  public interface Content {
    /** Writes all of it; closing the channel is allowed and does nothing. */
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /**
   * Writes a file and replaces an existing one, whose permissions are kept. After an exception the
   * target is as it was and the temporary file is gone.
   *
   * @throws FileSystemException if the target is a symbolic link or not a regular file, or its
   *     directory does not exist; the message names the target and is one line
   * @throws WriteFailedException if the write fails; so is its message
   * @throws IOException if {@code content} throws it; unchanged
   */
  public static void write(Path target, Content content) throws IOException {
    Path directory = directoryOf(target);
    Path temporary = directory.resolve(".lamb4j-" + UUID.randomUUID() + ".tmp");
    try (FileChannel channel = create(temporary, target)) {
      try {
        keepPermissions(target, temporary);
        content.writeTo(new TargetChannel(target, channel));
        finish(target, channel, temporary);
      } catch (Throwable failure) {
        discard(temporary, failure);
        throw failure;
      }
    }
    forceDirectory(directory);
  }

  /**
   * Refuses a target that {@link #write} would refuse, as far as this can be known beforehand. For
   * programs that write after long work.
   *
   * @throws FileSystemException as {@link #write} does
   */
  public static void requireWritable(Path target) throws IOException {
    if (!Files.isWritable(directoryOf(target))) {
      throw failed(target, "cannot be written: no permission to create files in its directory");
    }
  }

  private static Path directoryOf(Path target) throws IOException {
    if (Files.isSymbolicLink(target)) {
      throw failed(
          target, "is a symbolic link, which the write would replace; name the file itself");
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      throw failed(target, "is not a regular file; name another file");
    }
    Path directory = target.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw failed(target, "cannot be written: its directory does not exist; create it first");
    }
    return directory;
  }

  private static FileChannel create(Path temporary, Path target) throws IOException {
    try {
      return FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (AccessDeniedException e) {
      throw new WriteFailedException(
          target, "cannot be written: no permission to create files in its directory", e);
    } catch (IOException e) {
      throw new WriteFailedException(target, "cannot be written: " + reason(e), e);
    }
  }

  /** A private file must not become readable by others when it is rewritten. */
  private static void keepPermissions(Path target, Path temporary) throws IOException {
    var view = Files.getFileAttributeView(target, PosixFileAttributeView.class);
    if (view != null && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      Files.setPosixFilePermissions(temporary, view.readAttributes().permissions());
    }
  }

  private static void finish(Path target, FileChannel channel, Path temporary) throws IOException {
    try {
      channel.force(true);
      channel.close();
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new WriteFailedException(target, "cannot be written: " + reason(e), e);
    }
  }

  private static void discard(Path temporary, Throwable failure) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Makes new names in a directory durable, on systems that can open directories. */
  public static void forceDirectory(Path directory) {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // The file is complete under its name; only a power failure within seconds could undo that.
    }
  }

  private static String reason(IOException e) {
    String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    return reason == null ? e.getClass().getSimpleName() : Printable.escape(reason);
  }

  private static FileSystemException failed(Path target, String problem) {
    return new FileSystemException(Printable.path(target), null, problem);
  }

  /** Names the target in errors, and stays open after close() so that the file can be forced. */
  private record TargetChannel(Path target, FileChannel channel) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer source) throws IOException {
      try {
        return channel.write(source);
      } catch (IOException e) {
        throw new WriteFailedException(target, "cannot be written: " + reason(e), e);
      }
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() {}
  }
}
