package io.github.lamb4j.sharding;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program that ran in several processes under {@code mpirun}.
 *
 * @param exitCode of mpirun
 * @param output of all processes
 */
public record Mpirun(int exitCode, String output) {

  private static final int LIMIT_SECONDS = 120;

  /** Runs a main class of the test class path, or skips the test if Open MPI is not installed. */
  public static Mpirun of(int size, Path folder, Class<?> main, Object... arguments)
      throws IOException, InterruptedException {
    return of(size, folder, command(main, arguments));
  }

  /** Runs a command, or skips the test if Open MPI is not installed. */
  public static Mpirun of(int size, Path folder, List<String> command)
      throws IOException, InterruptedException {
    requireInstalled();
    List<String> all =
        new ArrayList<>(List.of("mpirun", "--oversubscribe", "--mca", "mpi_yield_when_idle", "1"));
    // A rank writes its stack itself. Open MPI 4.1 loses some of the reports that mpirun relays.
    all.addAll(List.of("--mca", "mpi_abort_print_stack", "1"));
    if (System.getProperty("user.name").equals("root")) {
      all.add("--allow-run-as-root");
    }
    all.addAll(List.of("-np", String.valueOf(size)));
    all.addAll(command);
    Path file = Files.createTempFile(folder, "output", ".txt");
    Process process =
        new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(file.toFile()).start();
    boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    process.destroy();
    String output = Files.readString(file);
    assertTrue(ended, () -> "still running: " + output);
    return new Mpirun(process.exitValue(), output);
  }

  /** Skips the test if Open MPI is not installed. */
  static void requireInstalled() throws InterruptedException {
    assumeTrue(isInstalled(), "mpirun is not installed (Debian and Ubuntu: openmpi-bin)");
  }

  private static List<String> command(Class<?> main, Object... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
    return command;
  }

  private static boolean isInstalled() throws InterruptedException {
    try {
      return new ProcessBuilder("mpirun", "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
