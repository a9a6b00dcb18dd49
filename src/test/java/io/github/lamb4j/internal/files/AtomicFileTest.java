package io.github.lamb4j.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AtomicFileTest {

  @TempDir Path directory;
  private Path target;

  @BeforeEach
  void nameTarget() {
    target = directory.resolve("report.json");
  }

  private static AtomicFile.Content text(String text) {
    return channel -> put(channel, text);
  }

  private static void put(WritableByteChannel channel, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes());
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private void assertOnly(String name, String content) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(List.of(name), files.map(f -> f.getFileName().toString()).toList());
    }
    assertEquals(content, Files.readString(directory.resolve(name)));
  }

  static Stream<Throwable> failures() {
    return Stream.of(
        new IOException("broken"), new IllegalStateException("broken"), new OutOfMemoryError());
  }

  @ParameterizedTest
  @MethodSource("failures")
  void shouldLeaveTheOldFileAndNoOtherWhenTheContentFails(Throwable failure) throws IOException {
    Files.writeString(target, "old");
    Throwable thrown =
        assertThrows(
            failure.getClass(),
            () ->
                AtomicFile.write(
                    target,
                    channel -> {
                      put(channel, "half of the n");
                      raise(failure);
                    }));
    assertSame(failure, thrown);
    assertOnly("report.json", "old");
  }

  private static void raise(Throwable failure) throws IOException {
    if (failure instanceof IOException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
    throw (RuntimeException) failure;
  }

  @Test
  void shouldLeaveNothingWhenTheContentOfANewFileFails() throws IOException {
    assertThrows(
        IllegalStateException.class,
        () ->
            AtomicFile.write(
                target,
                channel -> {
                  throw new IllegalStateException();
                }));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void shouldShowTheOldContentUntilTheNewIsComplete() throws IOException {
    Files.writeString(target, "old");
    AtomicFile.write(
        target,
        channel -> {
          put(channel, "new");
          assertEquals("old", Files.readString(target));
        });
    assertOnly("report.json", "new");
  }

  @Test
  void shouldLeaveTheOldFileWhenTheThreadIsInterrupted() throws IOException {
    Files.writeString(target, "old");
    Thread.currentThread().interrupt();
    FileSystemException e =
        assertThrows(FileSystemException.class, () -> AtomicFile.write(target, text("new")));
    assertTrue(Thread.interrupted());
    assertTrue(e.getMessage().contains("cannot be written"), e.getMessage());
    assertOnly("report.json", "old");
  }

  @Test
  void shouldBearWritersThatCloseWhatTheyWriteTo() throws IOException {
    AtomicFile.write(
        target,
        channel -> {
          try (OutputStream out = Channels.newOutputStream(channel)) {
            out.write("closed".getBytes());
          }
        });
    assertOnly("report.json", "closed");
  }

  @Test
  void shouldWriteAnEmptyFile() throws IOException {
    AtomicFile.write(target, channel -> {});
    assertOnly("report.json", "");
  }

  @Test
  void shouldWriteToABareNameInTheWorkingDirectory() throws IOException {
    Path bare = Path.of("atomic-file-test.tmp");
    try {
      AtomicFile.write(bare, text("x"));
      assertEquals("x", Files.readString(bare));
    } finally {
      Files.deleteIfExists(bare);
    }
  }

  @Test
  void shouldKeepThePermissionsOfTheFileItReplaces() throws IOException {
    var secret = PosixFilePermissions.fromString("rw-------");
    Files.writeString(target, "old");
    Files.setPosixFilePermissions(target, secret);
    AtomicFile.write(target, text("new"));
    assertEquals(secret, Files.getPosixFilePermissions(target));
  }

  @Test
  void shouldRefuseASymbolicLink() throws IOException {
    Path real = Files.writeString(directory.resolve("real"), "old");
    Files.createSymbolicLink(target, real);
    assertRefused(target, "is a symbolic link");
    assertEquals("old", Files.readString(real));
    Files.delete(real);
    assertRefused(target, "is a symbolic link");
  }

  @Test
  void shouldRefuseADirectory() throws IOException {
    assertRefused(Files.createDirectory(target), "is not a regular file");
    assertRefused(Path.of("/"), "is not a regular file");
  }

  @Test
  void shouldRefuseAMissingDirectory() throws IOException {
    assertRefused(target.resolve("deeper"), "its directory does not exist");
    Files.writeString(target, "a file");
    assertRefused(target.resolve("deeper"), "its directory does not exist");
  }

  @Test
  void shouldRefuseADirectoryWithoutPermission() throws IOException {
    Path closed = Files.createDirectory(directory.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeFalse(Files.isWritable(closed), "this user may write everywhere");
    assertRefused(closed.resolve("x"), "no permission");
  }

  @Test
  void shouldKeepTheMessageOnOneLine() {
    FileSystemException e = assertRefused(directory.resolve("a\nb/c"), "a\\u000ab");
    assertFalse(e.getMessage().contains("\n"));
  }

  private static FileSystemException assertRefused(Path target, String problem) {
    FileSystemException e =
        assertThrows(FileSystemException.class, () -> AtomicFile.write(target, text("new")));
    assertTrue(e.getMessage().contains(problem), e.getMessage());
    return e;
  }
}
