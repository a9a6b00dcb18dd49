package io.github.lamb4j.internal.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {

  private static final byte[] CONTENT = {1, 2, 3, 4};

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void setUp() {
    file = directory.resolve("libJCudaDriver.so");
  }

  private void assertHoldsOnlyContent() throws IOException {
    assertArrayEquals(CONTENT, Files.readAllBytes(file));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void shouldWriteReadableFile() throws IOException {
    Files.createFile(directory.resolve("plain"));
    NativeLibraries.put(CONTENT, file);
    assertEquals(
        Files.getPosixFilePermissions(directory.resolve("plain")),
        Files.getPosixFilePermissions(file));
    Files.delete(directory.resolve("plain"));
    assertHoldsOnlyContent();
  }

  @Test
  void shouldCreateTheDirectory() throws IOException {
    file = directory.resolve("missing/libJCudaDriver.so");
    NativeLibraries.put(CONTENT, file);
    assertArrayEquals(CONTENT, Files.readAllBytes(file));
  }

  @Test
  void shouldReplaceIncompleteFile() throws IOException {
    Files.write(file, new byte[] {1, 2});
    NativeLibraries.put(CONTENT, file);
    assertHoldsOnlyContent();
  }

  @Test
  void shouldReplaceOtherContentOfEqualLength() throws IOException {
    Files.write(file, new byte[] {1, 2, 3, 5});
    NativeLibraries.put(CONTENT, file);
    assertHoldsOnlyContent();
  }

  @Test
  void shouldReplaceLink() throws IOException {
    Path other = Files.write(Files.createTempFile("other", null), CONTENT);
    Files.createSymbolicLink(file, other);
    NativeLibraries.put(CONTENT, file);
    assertFalse(Files.isSymbolicLink(file));
    assertHoldsOnlyContent();
    Files.delete(other);
  }

  @Test
  void shouldKeepEqualFile() throws IOException {
    Files.write(file, CONTENT);
    FileTime old = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(file, old);
    NativeLibraries.put(CONTENT, file);
    assertEquals(old, Files.getLastModifiedTime(file));
  }

  /** A directory stands for a file that cannot be replaced, also when root runs the tests. */
  @Test
  void shouldRejectDifferentFileThatCannotBeReplaced() throws IOException {
    Files.createDirectories(file.resolve("child"));
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> NativeLibraries.put(CONTENT, file));
    assertEquals(
        file
            + " is not JCuda's library of that name and cannot be replaced (FileSystemException);"
            + " delete it, or set -Djava.io.tmpdir to a directory of your own",
        e.getMessage());
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  /** A path below a file stands for a directory that is not writable. */
  @Test
  void shouldLeaveUnusableDirectoryToJCuda() throws IOException {
    Path plain = Files.createFile(directory.resolve("plain"));
    NativeLibraries.put(CONTENT, plain.resolve("libJCudaDriver.so"));
    assertEquals(0, Files.size(plain));
  }
}
