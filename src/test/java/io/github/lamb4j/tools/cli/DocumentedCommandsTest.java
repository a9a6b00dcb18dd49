package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.docs.MarkdownPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The commands that the documentation shows are accepted, and it describes every option. */
class DocumentedCommandsTest {

  private static final Pattern LAMB =
      Pattern.compile("^(?:scripts/lamb|lamb|docker run .* lamb4j) (.+)");
  private static final Pattern SCRIPT = Pattern.compile("^(scripts/[\\w.-]+)(.*)");
  private static final Pattern OPTION = Pattern.compile("--[a-z][a-z0-9-]+");
  private static final Pattern PROFILE = Pattern.compile("^mvn .*-P(\\S+)");
  private static final Set<String> DOCKER = Set.of("--gpus", "--read-only", "--user");
  private static final Set<String> MPIRUN =
      Set.of("--allow-run-as-root", "--bind-to", "--map-by", "--oversubscribe");
  private static final Set<String> COMMON = Set.of("--help", "--version");

  /** Lines of code blocks. */
  private static List<String> commands() throws IOException {
    return MarkdownPage.all().stream()
        .flatMap(page -> page.blocks().stream())
        .flatMap(block -> block.lines().stream())
        .toList();
  }

  private static List<String> spans() throws IOException {
    return MarkdownPage.all().stream().flatMap(page -> page.codeSpans().stream()).toList();
  }

  @Test
  void shouldShowCommandsThatParse() throws IOException {
    List<String> parsed = new ArrayList<>();
    for (String line : commands()) {
      for (MatchResult command : LAMB.matcher(line).results().toList()) {
        String[] arguments = command.group(1).split(" ");
        assertDoesNotThrow(() -> Main.commandLine().parseArgs(arguments), line);
        parsed.add(arguments[0]);
      }
    }
    Set<String> subcommands = Main.commandLine().getSubcommands().keySet();
    assertTrue(parsed.containsAll(subcommands), parsed + " shows not all of " + subcommands);
  }

  @Test
  void shouldMentionCommandsThatExist() throws IOException {
    Map<String, CommandLine> subcommands = Main.commandLine().getSubcommands();
    for (String span : spans()) {
      for (MatchResult command : LAMB.matcher(span).results().toList()) {
        CommandLine subcommand = subcommands.get(command.group(1).split(" ")[0]);
        assertTrue(subcommand != null, span);
        optionsIn(span)
            .forEach(o -> assertTrue(subcommand.getCommandSpec().findOption(o) != null, span));
      }
    }
  }

  @Test
  void shouldShowScriptsWithTheirOptions() throws IOException {
    Stream<String> shown = Stream.concat(commands().stream(), spans().stream());
    for (String line : shown.filter(line -> !line.startsWith("scripts/lamb ")).toList()) {
      for (MatchResult script : SCRIPT.matcher(line).results().toList()) {
        Path file = Path.of(script.group(1));
        assertTrue(Files.isExecutable(file), line);
        String text = Files.readString(file);
        optionsIn(script.group(2)).forEach(option -> assertTrue(text.contains(option), line));
      }
    }
  }

  @Test
  void shouldShowMavenProfilesThatExist() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    for (String line : Stream.concat(commands().stream(), spans().stream()).toList()) {
      for (MatchResult profile : PROFILE.matcher(line).results().toList()) {
        assertTrue(pom.contains("<id>" + profile.group(1) + "</id>"), line);
      }
    }
  }

  @Test
  void shouldMentionOptionsThatExist() throws IOException {
    Set<String> known =
        Main.commandLine().getSubcommands().values().stream()
            .flatMap(command -> names(command).stream())
            .collect(Collectors.toSet());
    known.addAll(DOCKER);
    known.addAll(MPIRUN);
    try (Stream<Path> scripts = Files.list(Path.of("scripts"))) {
      for (Path script : scripts.toList()) {
        known.addAll(optionsIn(Files.readString(script)));
      }
    }
    for (String span : spans()) {
      if (span.startsWith("--")) {
        optionsIn(span).forEach(option -> assertTrue(known.contains(option), span));
      }
    }
  }

  @Test
  void shouldDescribeEveryOption() throws IOException {
    Set<String> described =
        Stream.concat(commands().stream(), spans().stream())
            .flatMap(text -> optionsIn(text).stream())
            .collect(Collectors.toSet());
    for (CommandLine command : Main.commandLine().getSubcommands().values()) {
      List<String> missing = new ArrayList<>(names(command));
      missing.removeAll(described);
      assertTrue(missing.isEmpty(), command.getCommandName() + ": " + missing);
    }
  }

  private static List<String> names(CommandLine command) {
    return command.getCommandSpec().options().stream()
        .map(OptionSpec::names)
        .flatMap(Arrays::stream)
        .filter(name -> OPTION.matcher(name).matches() && !COMMON.contains(name))
        .toList();
  }

  private static List<String> optionsIn(String text) {
    return OPTION.matcher(text).results().map(MatchResult::group).toList();
  }
}
