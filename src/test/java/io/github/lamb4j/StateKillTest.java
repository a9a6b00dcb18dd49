package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed while it saves leaves a whole state: the old one, or the new. */
class StateKillTest {

  private static final int COUNT = 1 << 18;

  /** At least; one of them must have come while a file was being written. */
  private static final int KILLS = 5;

  @TempDir Path directory;

  private static Lamb build() {
    return Lamb.onCpu()
        .group(
            "all",
            Hyperparameters.lamb(0.1),
            Parameter.onHost("w", new float[COUNT], new float[COUNT]))
        .threads(1)
        .build();
  }

  /** Saves states until it is killed: every number in the state of step n is n. */
  static final class Saver {

    private Saver() {}

    public static void main(String[] arguments) throws IOException {
      Path file = Path.of(arguments[0]);
      float[] moment = new float[COUNT];
      try (Lamb lamb = build()) {
        for (int step = 1; ; step++) {
          Arrays.fill(moment, step);
          for (StateArray which : StateArray.of(false)) {
            lamb.writeState("w", which, 0, FloatBuffer.wrap(moment));
          }
          lamb.resumeAt(step);
          lamb.save(file);
          System.out.println(step);
        }
      }
    }
  }

  @Tag("slow")
  @Test
  @Timeout(60)
  void shouldLeaveAWholeFileHoweverItIsKilled() throws Exception {
    Path file = directory.resolve("state.safetensors");
    Random random = new Random(1);
    int torn = 0;
    for (int kill = 0; kill < KILLS || torn == 0; kill++) {
      long saved = saveUntilKilled(file, random.nextInt(20_000_000));
      try (Lamb lamb = build()) {
        lamb.load(file);
        long step = lamb.stepCount();
        assertTrue(step == saved || step == saved + 1, step + " after " + saved);
        for (StateArray which : StateArray.of(false)) {
          for (float x : Numbers.moment(lamb, "w", which, COUNT)) {
            assertEquals(step, x);
          }
        }
      }
      torn += removeTornFiles();
    }
  }

  /** The last step that was saved for certain. */
  private long saveUntilKilled(Path file, int nanoseconds) throws Exception {
    Process saver =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Saver.class.getName(),
                file.toString())
            .redirectError(directory.resolve("errors").toFile())
            .start();
    try (BufferedReader out = saver.inputReader()) {
      String last = out.readLine();
      for (long end = System.nanoTime() + nanoseconds; System.nanoTime() < end; ) {
        Thread.onSpinWait();
      }
      saver.toHandle().destroyForcibly(); // as saver's own, but leaves its output to be read
      saver.waitFor();
      assertEquals("", Files.readString(directory.resolve("errors")));
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        last = line;
      }
      return Long.parseLong(last);
    }
  }

  private int removeTornFiles() throws IOException {
    int torn = 0;
    try (Stream<Path> files = Files.list(directory)) {
      for (Path other : files.toList()) {
        if (other.getFileName().toString().matches("\\.lamb4j-.*\\.tmp")) {
          Files.delete(other);
          torn++;
        }
      }
    }
    return torn;
  }
}
