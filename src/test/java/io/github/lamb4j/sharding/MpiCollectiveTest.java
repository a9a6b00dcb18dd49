package io.github.lamb4j.sharding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs {@link MpiProgram} under mpirun, if Open MPI is installed. */
class MpiCollectiveTest {

  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();

  /** A launch takes about two seconds; the program's timeout adds two. */
  private static final int LIMIT_SECONDS = 60;

  @TempDir Path folder;

  private String output;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void shouldMoveBytesAsDefined(int size) throws Exception {
    assertEquals(0, mpirun(size, "check"), () -> output);
    assertTrue(output.contains("checked " + size + " ranks"), output);
    assertEquals(size, output.split("end of a rank", -1).length - 1, output);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3 | other-call | rank 1 called broadcast of 8 bytes from rank 0 (call 1),"
            + " but rank 0 called allGather of 8 bytes (call 1)",
        "2 | other-size | rank 1 called allGather of 16 bytes (call 2),"
            + " but rank 0 called allGather of 8 bytes (call 2)",
        "3 | hang | rank 1 did not join within 2 s",
        "3 | early | rank 1 called close (call 2), but rank 0 called allGather of 8 bytes (call 2)",
        "3 | fail | java.lang.IllegalStateException: out of memory",
        "2 | swallow | (ompi_mpi_abort+",
        "3 | kill | exited on signal 9",
      })
  void shouldEndAllRanksAndNameTheCause(int size, String scenario, String cause) throws Exception {
    assertNotEquals(0, mpirun(size, scenario), () -> output);
    assertTrue(output.contains(cause), output);
    assertTrue(scenario.equals("swallow") || !output.contains("end of a rank"), () -> output);
  }

  /** Each of the two requests is tested once before the interrupt is seen, then is complete. */
  @Test
  void anInterruptShouldBreakTheGroupEvenIfAllRanksHaveJoined() throws Exception {
    assertNotEquals(0, runOnStub("interrupt", "STUB_LATE", "2"));
    String reason = " failed: rank 0 was interrupted";
    assertTrue(output.contains("allGather of 8 bytes (call 1)" + reason), output);
    assertTrue(output.contains("allGather of 8 bytes (call 2)" + reason), output);
    assertTrue(output.contains("MPI_Abort"), output);
  }

  @Test
  void aRankThatJoinsAtTheLastMomentShouldNotBeBlamed() throws Exception {
    assertEquals(0, runOnStub("last-moment", "STUB_LATE", "2"), () -> output);
    assertTrue(output.contains("end of a rank"), output);
  }

  @Test
  void anUnreadableHeaderShouldBreakTheGroup() throws Exception {
    assertNotEquals(0, runOnStub("broken", "STUB_GARBLED", "1"));
    String error = "java.lang.ArrayIndexOutOfBoundsException";
    assertTrue(output.contains("first: " + error), output);
    assertTrue(
        output.contains("allGather of 8 bytes (call 2) failed: rank 0 failed: " + error), output);
    assertTrue(output.contains("MPI_Abort"), output);
  }

  private int runOnStub(String scenario, String variable, String value) throws Exception {
    Path library = StubLibrary.build(folder, "mpi");
    return run(Map.of(variable, value), program(scenario, "-Dio.github.lamb4j.mpi=" + library));
  }

  @Test
  void shouldRunAsOneRankWithoutLauncher() throws Exception {
    Mpirun.requireInstalled();
    assertEquals(0, run(Map.of(), program("check")), () -> output);
    assertTrue(output.contains("checked 1 ranks"), output);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "twice | MPI is already initialized in this process; open one collective",
        "heap | buffer: a heap buffer; MPI needs direct buffers",
      })
  void shouldRejectWrongUse(String scenario, String reason) throws Exception {
    Mpirun.requireInstalled();
    assertNotEquals(0, run(Map.of(), program(scenario)));
    assertTrue(output.contains(reason), output);
  }

  @Test
  void shouldRejectLauncherOfAnotherMpi() throws Exception {
    Mpirun.requireInstalled();
    assertNotEquals(0, run(Map.of("PMI_SIZE", "2"), program("check")));
    assertTrue(output.contains("PMI_SIZE is 2, but Open MPI sees 1 process"), output);
  }

  @Test
  void shouldExplainMissingLibrary() throws Exception {
    assertNotEquals(0, run(Map.of(), program("check", "-Dio.github.lamb4j.mpi=/no/libmpi.so")));
    assertTrue(
        output.contains(
            "cannot load /no/libmpi.so: install Open MPI (Debian and Ubuntu: openmpi-bin)"),
        output);
  }

  @Test
  void shouldRejectOtherLibraries() throws Exception {
    assertNotEquals(0, run(Map.of(), program("check", "-Dio.github.lamb4j.mpi=libc.so.6")));
    assertTrue(output.contains("libc.so.6: not Open MPI, ompi_mpi_comm_world is missing"), output);
  }

  @Test
  void shouldExplainMissingJna() {
    NoClassDefFoundError missing = new NoClassDefFoundError("com/sun/jna/NativeLibrary");
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () ->
                Jna.required(
                    "MPI",
                    () -> {
                      throw missing;
                    }));
    assertEquals(
        "MPI needs JNA: add net.java.dev.jna:jna to the program's dependencies", e.getMessage());
  }

  private int mpirun(int size, String scenario) throws Exception {
    Mpirun run = Mpirun.of(size, folder, program(scenario));
    output = run.output();
    return run.exitCode();
  }

  private static List<String> program(String scenario, String... options) {
    List<String> command = new ArrayList<>(List.of(JAVA, "-XX:TieredStopAtLevel=1", "-Xmx256m"));
    command.addAll(Arrays.asList(options));
    command.addAll(
        List.of(
            "-cp", System.getProperty("java.class.path"), MpiProgram.class.getName(), scenario));
    return command;
  }

  private int run(Map<String, String> environment, List<String> command) throws Exception {
    Path file = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(file.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    process.destroy();
    output = Files.readString(file);
    assertTrue(ended, () -> "still running: " + output);
    return process.exitValue();
  }
}
