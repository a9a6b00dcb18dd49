package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.driver.JCudaDriver;
import jcuda.runtime.JCuda;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JCudaNativesTest {

  private static final int PROCESSES = 4;

  @TempDir Path directory;

  /** Waits for a line, calls lamb4j, and then JCuda's two APIs. */
  static final class Program {
    public static void main(String[] arguments) throws IOException {
      System.out.println("ready");
      System.in.read();
      if (arguments[0].equals("unpack")) {
        JCudaNatives.unpack();
      } else {
        BackendChoice.auto();
      }
      int[] count = new int[1];
      JCuda.cudaGetDeviceCount(count); // needs no driver to load
      try {
        JCudaDriver.cuInit(0);
      } catch (LinkageError e) {
        if (!BackendChoice.auto().reason().contains("no NVIDIA driver (libcuda.so.1)")) {
          throw e;
        }
      }
      System.out.println("done");
    }
  }

  private static Process start(Path temporary, String call) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=" + temporary.resolve("crash.log"),
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName(),
            call)
        .redirectErrorStream(true)
        .start();
  }

  /** JCuda alone crashes here: one process maps a library that another one is still writing. */
  @Tag("slow")
  @Test
  void shouldLetProcessesStartAtTheSameTime() throws Exception {
    assumeTrue(hasNatives(), "JCuda has no natives for this platform");
    for (int round = 0; round < 10; round++) {
      Path temporary = Files.createDirectory(directory.resolve("round" + round));
      List<Process> processes = new ArrayList<>();
      for (int i = 0; i < PROCESSES; i++) {
        processes.add(start(temporary, i % 2 == 0 ? "unpack" : "auto"));
      }
      for (Process process : processes) {
        assertEquals('r', process.getInputStream().read());
      }
      for (Process process : processes) {
        proceed(process);
      }
      for (Process process : processes) {
        assertSucceeds(process);
      }
      assertEquals(List.of(), leftovers(temporary));
    }
  }

  @Test
  void shouldReplaceIncompleteLibrary() throws Exception {
    assumeTrue(hasNatives(), "JCuda has no natives for this platform");
    Path library = directory.resolve(driverLibrary());
    Files.write(library, new byte[100]);
    Process process = start(directory, "auto");
    proceed(process);
    assertSucceeds(process);
    assertTrue(Files.size(library) > 100_000);
  }

  private static void proceed(Process process) throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().close();
  }

  private static void assertSucceeds(Process process) throws Exception {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), output);
    assertTrue(output.endsWith("done" + System.lineSeparator()), output);
  }

  private static boolean hasNatives() {
    return LibUtils.class.getResource("/lib/" + driverLibrary()) != null;
  }

  private static String driverLibrary() {
    return LibUtils.createLibraryFileName(
        LibUtils.createPlatformLibraryName("JCudaDriver-" + JCudaVersion.get()));
  }

  private static List<Path> leftovers(Path temporary) throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files.filter(file -> file.toString().endsWith(".tmp")).toList();
    }
  }
}
