package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The commands that the README shows are commands that the program takes. */
class ReadmeCommandsTest {

  private static final String PROGRAM = "scripts/lamb ";

  @Test
  void shouldShowCommandsThatParse() throws IOException {
    List<String> commands =
        Files.readAllLines(Path.of("README.md")).stream()
            .filter(line -> line.startsWith(PROGRAM))
            .toList();
    assertFalse(commands.isEmpty());
    for (String command : commands) {
      String[] words = command.substring(PROGRAM.length()).split(" ");
      Main.commandLine()
          .parseArgs(Arrays.copyOf(words, words.length)); // throws what it does not take
    }
  }
}
