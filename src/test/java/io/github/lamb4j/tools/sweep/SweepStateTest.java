package io.github.lamb4j.tools.sweep;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.lamb4j.internal.files.WriteFailedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SweepStateTest {

  private static final SweepCell FIRST = TinySweep.cell("lamb", 64, 0.02, 1, 0.5, 0.25);
  private static final SweepCell SECOND = TinySweep.diverged("sgd", 64, 0.02, 1);

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void writeTwoCells() throws IOException {
    file = folder.resolve("x.state");
    try (SweepState state = open(file)) {
      state.add(FIRST);
      state.add(SECOND);
    }
  }

  private static SweepState open(Path file) throws IOException {
    return SweepState.open(file, TinySweep.PLAN, "cpu");
  }

  private static void refuses(Path file, SweepPlan plan, String backend, String problem)
      throws IOException {
    byte[] before = Files.readAllBytes(file);
    Exception refusal =
        assertThrows(
            IllegalArgumentException.class, () -> SweepState.open(file, plan, backend).close());
    assertEquals("the file of --sweep-state, " + file + ": " + problem, refusal.getMessage());
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  private void refuses(String content, String problem) throws IOException {
    Files.writeString(file, content, StandardCharsets.ISO_8859_1);
    refuses(file, TinySweep.PLAN, "cpu", problem);
  }

  @Test
  void shouldKeepCells() throws IOException {
    try (SweepState state = open(file)) {
      assertEquals(List.of(FIRST, SECOND), state.finished());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 20, 10_000})
  void shouldRemoveALastLineThatWasCutOff(int cut) throws IOException {
    String content = Files.readString(file);
    int end = Math.max(content.indexOf('\n') + 1, content.length() - cut);
    int lines = (int) content.substring(0, end).chars().filter(c -> c == '\n').count();
    Files.writeString(file, content.substring(0, end));
    try (SweepState state = open(file)) {
      assertEquals(List.of(FIRST, SECOND).subList(0, lines - 1), state.finished());
      state.add(SECOND);
    }
    String kept = String.join("\n", content.lines().limit(lines).toList()) + "\n";
    assertEquals(kept + SweepJson.line(SECOND) + "\n", Files.readString(file));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 50})
  void shouldStartOverIfTheFirstLineWasCutOff(int length) throws IOException {
    String content = Files.readString(file);
    Files.writeString(file, content.substring(0, length));
    open(file).close();
    assertEquals(content.substring(0, content.indexOf('\n') + 1), Files.readString(file));
  }

  @Test
  void shouldRefuseAStateOfOtherSettings() throws IOException {
    String problem =
        "made with other settings, or not the state of a sweep; name another file, or delete it to"
            + " start over";
    refuses(file, SweepPlan.SMALL, "cpu", problem);
    refuses(file, TinySweep.PLAN, "cuda", problem);
    SweepPlan plan = TinySweep.PLAN;
    SweepPlan otherSeeds =
        new SweepPlan(
            plan.name(), plan.glosses(), plan.epochs(), plan.batchSizes(), plan.rates(), List.of());
    refuses(file, otherSeeds, "cpu", problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "{}\n", "\n", "{\"sweep\":\"tinyx", "\u0080\u00ff\u0000"})
  void shouldRefuseAFileThatIsNotAState(String content) throws IOException {
    String problem =
        "made with other settings, or not the state of a sweep; name another file, or delete it to"
            + " start over";
    refuses(content, problem);
    refuses(content.repeat(1000), problem);
  }

  @Test
  void shouldNameADamagedLine() throws IOException {
    List<String> lines = Files.readAllLines(file);
    String problem = "line 2 is damaged; delete that line";
    for (String damaged :
        List.of(
            "",
            "x",
            lines.get(1).substring(1),
            lines.get(1).replace("}", ""),
            lines.get(1) + lines.get(2),
            lines.get(1).replace("\"batch_size\":64", "\"batch_size\":64000000000"),
            lines.get(1).replace("\"batch_size\":64", "\"batch_size\":6400000000000000000000"),
            lines.get(1).replace("\"diverged\":false", "\"diverged\":\"no\""),
            lines.get(1).replace("\"seed\":1,", ""),
            lines.get(1).replace("[2.5,", "[null,"),
            lines.get(1).replace("[2.5,", "[\"much\","))) {
      assertFalse(damaged.equals(lines.get(1)), damaged);
      refuses(lines.get(0) + "\n" + damaged + "\n" + lines.get(2) + "\n", problem);
    }
  }

  @Test
  void shouldRefuseAFileInUse() throws IOException {
    try (SweepState state = open(file)) {
      refuses(
          file,
          TinySweep.PLAN,
          "cpu",
          "in use by another sweep; wait for it, or name another file");
      assertEquals(2, state.finished().size());
    }
    open(file).close();
  }

  @Test
  void shouldRefuseAFileThatCannotBeCreated() {
    Path nowhere = folder.resolve("no/x.state");
    Exception refusal = assertThrows(IllegalArgumentException.class, () -> open(nowhere));
    assertEquals(
        "the file of --sweep-state, "
            + nowhere
            + ": its folder does not exist; create it first, or name another file",
        refusal.getMessage());
    refusal = assertThrows(IllegalArgumentException.class, () -> open(folder));
    assertTrue(
        refusal.getMessage().startsWith("the file of --sweep-state, " + folder + ": cannot be"),
        refusal.getMessage());
  }

  @Test
  void shouldNameTheFileIfTheDiskIsFull() {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "only Linux has " + full);
    Exception failure = assertThrows(WriteFailedException.class, () -> open(full));
    assertTrue(
        failure.getMessage().startsWith("/dev/full: cannot be written: "), failure.getMessage());
  }
}
