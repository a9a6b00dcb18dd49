package io.github.lamb4j.tools.cli;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The folder to which one call writes its results before they replace others. Every call has its
 * own, so that two calls never write to the same. A locked file beside it tells the folder of a
 * running call from one that a killed call left.
 */
final class PendingFolder implements Closeable {

  private static final String PREFIX = ".lamb4j-pending-";
  private static final String LOCK_SUFFIX = ".lock";

  private final Path path;
  private final FileChannel lock;

  private PendingFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /** Creates one. */
  static PendingFolder in(Path parent) throws IOException {
    while (true) {
      Path path = parent.resolve(PREFIX + UUID.randomUUID());
      FileChannel lock =
          FileChannel.open(lockOf(path), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      PendingFolder pending = new PendingFolder(path, lock);
      boolean created = false;
      try {
        if (pending.isLocked()) { // first, so that no other call takes the folder for abandoned
          createPrivately(path);
          created = true;
          return pending;
        }
      } finally {
        if (!created) {
          pending.close();
          Files.deleteIfExists(lockOf(path));
        }
      }
    }
  }

  /** Locks the new file, unless another call was faster and took it for abandoned. */
  private boolean isLocked() {
    try {
      return lock.tryLock() != null && Files.exists(lockOf(path));
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      return true; // without locks, nothing is taken for abandoned
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

  /** Deletes the folders of calls that were killed, as far as they can be deleted. */
  static void deleteAbandoned(Path parent) throws IOException {
    for (Path file : list(parent, PREFIX + "*" + LOCK_SUFFIX)) {
      try (FileChannel lock = FileChannel.open(file, StandardOpenOption.WRITE)) {
        if (tryLock(lock)) {
          String name = file.getFileName().toString();
          delete(parent.resolve(name.substring(0, name.length() - LOCK_SUFFIX.length())));
        }
      } catch (IOException e) {
        // Another call deletes it, or another user owns it. It takes space and does no harm.
      }
    }
  }

  /** Locks the file of a channel, if no call holds the lock and the file system has locks. */
  private static boolean tryLock(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (IOException | OverlappingFileLockException e) {
      return false;
    }
  }

  Path path() {
    return path;
  }

  /** Deletes what is left of it. */
  void delete() throws IOException {
    delete(path);
  }

  private static void delete(Path folder) throws IOException {
    if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      for (Path file : list(folder, "*")) {
        Files.delete(file);
      }
      Files.delete(folder);
    }
    Files.deleteIfExists(lockOf(folder)); // last: without it, nobody would find the folder
  }

  /** The files in a folder, in the order of their names. */
  static List<Path> list(Path folder, String glob) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, glob)) {
      stream.forEach(files::add);
    }
    files.sort(null);
    return files;
  }

  private static Path lockOf(Path folder) {
    return folder.resolveSibling(folder.getFileName() + LOCK_SUFFIX);
  }

  /** Ends the lock, as the end of the process does. */
  @Override
  public void close() throws IOException {
    lock.close();
  }
}
