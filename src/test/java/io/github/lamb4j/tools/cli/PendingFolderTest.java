package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of other processes, running or killed. */
class PendingFolderTest {

  @TempDir Path folder;

  /** A process that makes a folder with a file, says so, and waits. */
  public static final class Holder {

    private Holder() {}

    /** The argument is the parent folder. */
    public static void main(String[] arguments) throws IOException {
      try (PendingFolder pending = PendingFolder.in(Path.of(arguments[0]))) {
        Files.writeString(pending.path().resolve("file"), "half");
        System.out.write('.');
        System.out.flush();
        System.in.read();
      }
    }
  }

  @Test
  void shouldDeleteTheFolderOfAKilledProcessOnly() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertEquals('.', process.getInputStream().read());
      List<Path> before = files();
      assertEquals(3, before.size(), before.toString());
      PendingFolder.deleteAbandoned(folder);
      assertEquals(before, files());
    } finally {
      process.destroyForcibly().waitFor();
    }
    PendingFolder.deleteAbandoned(folder);
    assertEquals(List.of(), files());
  }

  /** A new lock file is not locked yet when another call finds it. */
  @Test
  void shouldNotLoseItsLockToAnotherCall() throws Exception {
    AtomicBoolean ended = new AtomicBoolean();
    FutureTask<?> other =
        new FutureTask<>(
            () -> {
              while (!ended.get()) {
                PendingFolder.deleteAbandoned(folder);
              }
              return null;
            });
    new Thread(other).start();
    try {
      for (int i = 0; i < 1000; i++) {
        try (PendingFolder pending = PendingFolder.in(folder)) {
          assertTrue(Files.exists(pending.path()));
          assertTrue(Files.exists(folder.resolve(pending.path().getFileName() + ".lock")));
          pending.delete();
        }
      }
    } finally {
      ended.set(true);
    }
    other.get();
    assertEquals(List.of(), files());
  }

  @Test
  void shouldLeaveWhatItCannotDelete() throws IOException {
    Path file = Files.createFile(folder.resolve(".lamb4j-pending-x.lock"));
    Path below = folder.resolve(".lamb4j-pending-x").resolve("folder").resolve("file");
    Files.createDirectories(below.getParent());
    Files.createFile(below);
    PendingFolder.deleteAbandoned(folder);
    assertTrue(Files.exists(file) && Files.exists(below));
  }

  /** All files and folders below the folder. */
  private List<Path> files() throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths.filter(path -> !path.equals(folder)).sorted().toList();
    }
  }
}
