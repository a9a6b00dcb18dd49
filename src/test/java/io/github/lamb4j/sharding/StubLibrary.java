package io.github.lamb4j.sharding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Builds stand-ins for native libraries with the system's C compiler. */
final class StubLibrary {

  private StubLibrary() {}

  /** Builds {@code NAME/stub.c} of the test resources, or skips the test without a compiler. */
  static Path build(Path folder, String name) throws IOException, InterruptedException {
    Path file = folder.resolve("lib" + name + "-stub.so");
    Path log = folder.resolve("cc.txt");
    String source = "src/test/resources/" + name + "/stub.c";
    ProcessBuilder compiler =
        new ProcessBuilder("cc", "-shared", "-fPIC", "-pthread", "-o", file.toString(), source);
    Process process = null;
    try {
      process = compiler.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    } catch (IOException e) {
      assumeTrue(false, "there is no C compiler (cc)");
    }
    assertEquals(0, process.waitFor(), Files.readString(log));
    return file;
  }
}
