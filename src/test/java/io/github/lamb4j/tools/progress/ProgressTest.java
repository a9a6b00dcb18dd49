package io.github.lamb4j.tools.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A bar is drawn on a terminal and never into a log. */
class ProgressTest {

  /** Prints the kind of progress that this process gets. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      System.out.println(Progress.of(new PrintWriter(System.err)).getClass().getSimpleName());
    }
  }

  /** A console as Java 22 and later have it. */
  public record NewConsole(boolean isTerminal) {}

  /** A console as earlier versions have it. */
  public record OldConsole() {}

  /** A console whose terminal cannot be asked. */
  public static final class BrokenConsole {
    /** Always fails. */
    public boolean isTerminal() {
      throw new IllegalStateException();
    }
  }

  @Test
  void shouldAskTheConsoleIfItCanTell() {
    assertTrue(Terminal.isTerminal(NewConsole.class, new NewConsole(true)));
    assertFalse(Terminal.isTerminal(NewConsole.class, new NewConsole(false)));
    assertTrue(Terminal.isTerminal(OldConsole.class, new OldConsole()));
    assertFalse(Terminal.isTerminal(OldConsole.class, null));
    assertFalse(Terminal.isTerminal(BrokenConsole.class, new BrokenConsole()));
  }

  /** From Java 22 to 24, this provider, the default, gives a console without a terminal. */
  @Test
  void shouldWriteLinesWhereThereIsAConsoleWithoutATerminal()
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djdk.console=jdk.internal.le");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), out);
    List<String> lines = out.lines().toList();
    assertEquals("PlainProgress", lines.get(lines.size() - 1), out);
  }
}
