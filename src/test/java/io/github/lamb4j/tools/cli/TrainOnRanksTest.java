package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.sharding.Mpirun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code lamb train} in several processes, if Open MPI is installed. */
class TrainOnRanksTest {

  @TempDir Path folder;

  private static Object[] arguments(Object... others) {
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                "train",
                "--optimizer=lamb",
                "--batch-size=300",
                "--max-examples=1000",
                "--epochs=1",
                "--threads=1"));
    arguments.addAll(Arrays.asList(others));
    return arguments.toArray();
  }

  private Mpirun mpirun(int size, Object... others) throws Exception {
    return Mpirun.of(size, folder, Main.class, arguments(others));
  }

  private static String numbers(Path json) throws IOException {
    return Files.readString(json).split("\"machine\"")[0];
  }

  @Test
  void shouldGiveTheSameNumbersInOneTwoAndFourProcesses() throws Exception {
    Path alone = folder.resolve("alone.json");
    CommandRun.of(arguments("--backend=cpu", "--micro-batches=4", "--json=" + alone));
    String expected = numbers(alone);
    assertTrue(expected.contains("weights_sha256"), expected);
    for (int size : new int[] {2, 4}) {
      Path json = folder.resolve(size + ".json");
      Mpirun run = mpirun(size, "--micro-batches=4", "--json=" + json);
      assertEquals(0, run.exitCode(), run.output());
      assertEquals(expected, numbers(json));
      assertTrue(Files.readString(json).contains("\"ranks\" : " + size));
      assertEquals(2, run.output().split("macro-F1", -1).length - 1, "printed once, in two lines");
      assertTrue(
          run.output().contains("4 micro-batches per batch, on " + size + " ranks"), run.output());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--micro-batches=3 | micro-batches 3: on 2 ranks, use 2 times a power of two, for example 2",
        "--lamb-lr=0 | --lamb-lr 0.0: must be above 0",
        "--backend=cuda | --backend cpu",
        "--sweep=small | --sweep: runs in one process; start it without mpirun",
      })
  void shouldRefuseInEveryProcess(String option, String message) throws Exception {
    Mpirun run = mpirun(2, option);
    assertNotEquals(0, run.exitCode(), run.output());
    assertTrue(run.output().contains("lamb train: rank "), run.output());
    assertTrue(run.output().contains(message), run.output());
  }

  @Test
  void shouldEndAllProcessesIfOneFails() throws Exception {
    // Only the first process looks at the file that it writes.
    Mpirun run = mpirun(2, "--json=" + folder);
    assertNotEquals(0, run.exitCode(), run.output());
    assertTrue(
        run.output().contains("lamb train: rank 0: --json " + folder + ": is not a regular file"),
        run.output());
  }
}
