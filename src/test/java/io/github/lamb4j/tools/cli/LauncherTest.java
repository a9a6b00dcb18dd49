package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launchers in {@code scripts/package} and in a checkout; Java is a shell script. */
@EnabledOnOs(OS.LINUX)
class LauncherTest {

  @TempDir Path folder;

  private Path lamb;

  @BeforeEach
  void prepare() throws IOException {
    String script = Files.readString(Path.of("scripts/package"));
    String begin = "<<'LAUNCHER'\n";
    int start = script.indexOf(begin) + begin.length();
    lamb = program("bin/lamb", script.substring(start, script.indexOf("\nLAUNCHER\n")));
    program("runtime/bin/java", "#!/bin/sh\necho \"cache=${CUDA_CACHE_PATH:-}\"");
  }

  private Path program(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** The compute cache that the launcher chooses, with a home directory and a given cache. */
  private String cache(Path home, String given) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(lamb.toString(), "info").redirectErrorStream(true);
    builder.environment().put("HOME", home.toString());
    builder.environment().put("TMPDIR", folder.toString());
    builder.environment().put("CUDA_CACHE_PATH", given);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), output);
    assertTrue(output.startsWith("cache="), output);
    return output.strip().substring("cache=".length());
  }

  @Test
  void shouldChooseACacheOnlyWithoutAWritableHome() throws IOException, InterruptedException {
    assertEquals("", cache(folder, ""));
    Path missing = folder.resolve("missing");
    assertEquals("/given", cache(missing, "/given"));
    Path cache = Path.of(cache(missing, ""));
    assertEquals(folder, cache.getParent());
    assertTrue(cache.getFileName().toString().startsWith("lamb4j-cuda-cache-"), cache.toString());
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)));
    assertEquals(cache.toString(), cache(missing, ""), "the same in the next process");
  }

  @Test
  void shouldNotUseALinkAsCache() throws IOException, InterruptedException {
    Path missing = folder.resolve("missing");
    Path cache = Path.of(cache(missing, ""));
    Files.delete(cache);
    Files.createSymbolicLink(cache, folder);
    assertEquals("", cache(missing, ""));
  }

  /** A checkout that is built, whose Maven and Java are shell scripts. */
  private Path checkout() throws IOException {
    Path checkout = folder.resolve("checkout");
    program("checkout/scripts/lamb", Files.readString(Path.of("scripts/lamb")));
    for (String source :
        new String[] {"src/main", "src/tools", "src/vector", "kernels", "target"}) {
      Files.createDirectories(checkout.resolve(source));
    }
    Files.createFile(checkout.resolve("pom.xml"));
    Files.createFile(checkout.resolve("target/lamb4j-tools.jar")); // last, so that it is new
    program("home/bin/java", "#!/bin/sh\necho \"$@\"");
    program("path/mvn", "#!/bin/sh\necho mvn was called");
    return checkout;
  }

  private String output(String command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command, "info");
    builder.directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().put("CDPATH", ".");
    builder.environment().put("JAVA_HOME", folder.resolve("home").toString());
    builder.environment().put("PATH", folder.resolve("path") + ":" + System.getenv("PATH"));
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    return output;
  }

  /** A name such as {@code ~/bin/lamb} leads to the checkout, and its Java is that of Maven. */
  @Test
  void shouldFindTheCheckoutAndJavaHome() throws IOException, InterruptedException {
    Path checkout = checkout();
    Files.createSymbolicLink(folder.resolve("lamb"), checkout.resolve("scripts/lamb"));
    String output = output("./lamb");
    String classPath = "-cp " + checkout.toRealPath() + "/target/lamb4j.jar:";
    assertTrue(output.contains(classPath) && output.endsWith("Main info\n"), output);
    assertFalse(output.contains("mvn was called"), output);
  }

  /** Maven leaves the jar of the tools alone if only the library has changed. */
  @Test
  void shouldBuildOnceForAChange() throws IOException, InterruptedException {
    Path lamb = checkout().resolve("scripts/lamb");
    Path source = Files.createFile(folder.resolve("checkout/src/main/Lamb.java"));
    FileTime before = FileTime.from(Instant.now().minusSeconds(60));
    Files.setLastModifiedTime(folder.resolve("checkout/target/lamb4j-tools.jar"), before);
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().minusSeconds(30)));
    assertTrue(output(lamb.toString()).contains("mvn was called"));
    assertFalse(output(lamb.toString()).contains("mvn was called"));
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(30)));
    assertTrue(output(lamb.toString()).contains("mvn was called"));
  }

  /** Both launchers choose it in the same way. */
  @Test
  void shouldBeTheSameInACheckout() throws IOException {
    String text = Files.readString(Path.of("scripts/lamb"));
    String own = Files.readString(lamb);
    int start = own.indexOf("# Without a writable home directory");
    String lines = own.substring(start, own.indexOf("\nfi\n", start) + 4);
    assertTrue(text.contains(lines), lines);
  }
}
