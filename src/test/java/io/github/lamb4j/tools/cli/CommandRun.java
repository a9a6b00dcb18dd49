package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import picocli.CommandLine;

/** What one command line came to. */
record CommandRun(int exitCode, String out, String err) {

  static CommandRun of(Object... arguments) {
    return of(Main.commandLine(), arguments);
  }

  /** Runs it on a command that the test has made. */
  static CommandRun of(CommandLine command, Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        command
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new));
    return new CommandRun(exitCode, out.toString(), err.toString());
  }

  /** Runs what must succeed. */
  static CommandRun done(Object... arguments) {
    return done(Main.commandLine(), arguments);
  }

  static CommandRun done(CommandLine command, Object... arguments) {
    CommandRun run = of(command, arguments);
    assertEquals("", run.err);
    assertEquals(0, run.exitCode);
    return run;
  }

  /** Runs what must succeed with one line of warning. */
  static CommandRun warned(String warning, Object... arguments) {
    CommandRun run = of(arguments);
    assertEquals(0, run.exitCode, run.err);
    assertEquals(1, run.err.lines().count(), run.err);
    assertTrue(run.err.contains(warning), run.err);
    return run;
  }

  /** Runs what must be refused, in one line and without touching a file of the folder. */
  static void refused(Path folder, String message, Object... arguments) throws IOException {
    Map<String, String> before = contents(folder);
    CommandRun run = of(arguments);
    run.assertRefusal();
    assertTrue(run.err.contains(message), run.err);
    assertEquals(before, contents(folder));
  }

  void assertRefusal() {
    assertAll(
        () -> assertEquals(2, exitCode, err),
        () -> assertEquals("", out),
        () -> assertEquals(1, err.lines().count(), err),
        () -> assertTrue(err.endsWith(System.lineSeparator()), err),
        () -> assertTrue(err.startsWith("lamb"), err),
        () -> assertFalse(err.contains("Exception"), err),
        () -> assertFalse(err.strip().chars().anyMatch(Character::isISOControl), err));
  }

  /** Every file and folder below a folder, with what is in it. */
  static Map<String, String> contents(Path folder) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.toList()) {
        boolean file = Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
        contents.put(
            path.toString(),
            file ? Files.readString(path, StandardCharsets.ISO_8859_1) : "not a file");
      }
    }
    return contents;
  }
}
