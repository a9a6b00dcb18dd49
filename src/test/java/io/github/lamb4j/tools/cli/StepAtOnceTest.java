package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.internal.cpu.CpuBackend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls with one folder for their results, at the same time: each file is of the same call. */
class StepAtOnceTest {

  @TempDir Path folder;
  private Path params;
  private Path out;

  @BeforeEach
  void makeFiles() throws IOException {
    params = StepModel.params(1).write(folder.resolve("p"));
    out = folder.resolve("out");
    for (int i = 0; i < 3; i++) {
      StepModel.grads(i).write(folder.resolve("g" + i));
    }
  }

  private Object[] arguments(Path out, int grads, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--lr=0.02", "--params", params));
    arguments.addAll(List.of("--grads", folder.resolve("g" + grads), "--out", out));
    arguments.addAll(Arrays.asList(more));
    return arguments.toArray();
  }

  /** The name and the content of each file. */
  private static Map<String, String> files(Path out) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> paths = Files.list(out)) {
      for (Path path : paths.toList()) {
        String content =
            Files.isRegularFile(path)
                ? Files.readString(path, StandardCharsets.ISO_8859_1)
                : "not a file";
        files.put(path.getFileName().toString(), content);
      }
    }
    return files;
  }

  private Map<String, String> resultsOf(int grads) throws IOException {
    Path alone = folder.resolve("alone" + grads);
    CommandRun.done(arguments(alone, grads));
    return files(alone);
  }

  /** Does something once, before a change. */
  private static Consumer<String> before(String change, Runnable what) {
    boolean[] done = {false};
    return next -> {
      if (next.equals(change) && !done[0]) {
        done[0] = true;
        what.run();
      }
    };
  }

  @ParameterizedTest
  @CsvSource({
    "write params.safetensors, 0",
    "write state.safetensors, 0",
    "write trust.json, 0",
    "complete, 0",
    "move params.safetensors, 1",
    "move state.safetensors, 1",
    "move trust.json, 1",
    "delete, 1",
  })
  void shouldLeaveTheResultsOfTheLastThatCompletes(String change, int last) throws IOException {
    CommandRun.done(
        StepPairTest.command(before(change, () -> CommandRun.done(arguments(out, 1)))),
        arguments(out, 0));
    assertEquals(resultsOf(last), files(out));
  }

  /** The weights were checked against the state that is there no longer. */
  @Test
  void shouldNotContinueFromTheStateOfAnotherCall() throws IOException {
    CommandRun.done(arguments(out, 0));
    params = out.resolve("params.safetensors");
    Object[] next = arguments(out, 1, "--state", out.resolve("state.safetensors"));
    LambBuilder builder =
        LambBuilders.onHost(
            (groups, settings) -> {
              CommandRun.done(next);
              return new CpuBackend(groups, settings);
            });
    StepCommand slow = new StepCommand(backend -> builder);
    CommandRun run = CommandRun.of(StepPairTest.command(slow), next);
    assertEquals(1, run.exitCode());
    assertTrue(run.err().contains("was replaced by another call while it was read"), run.err());
    assertEquals("2", Checkpoint.metadata(out.resolve("state.safetensors")).get("step"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"write state.safetensors", "complete", "move state.safetensors", "delete"})
  void shouldNotBeDisturbedByOneThatIsKilled(String change) throws IOException {
    Runnable killed =
        () -> {
          try {
            CommandRun.done(
                StepPairTest.command(
                    before(
                        change,
                        () -> {
                          throw new StepPairTest.Killed();
                        })),
                arguments(out, 1));
          } catch (StepPairTest.Killed e) {
            // as intended
          }
        };
    CommandRun.done(StepPairTest.command(before("complete", killed)), arguments(out, 0));
    Map<String, String> left = files(out);
    left.keySet().removeIf(name -> name.startsWith(".lamb4j-pending-"));
    assertEquals(resultsOf(0), left);
    CommandRun.done(arguments(out, 2));
    assertEquals(resultsOf(2), files(out));
  }

  @Test
  void shouldContinueTheTrustRatiosThatItHasChecked() throws IOException {
    CommandRun.done(arguments(out, 0));
    params = out.resolve("params.safetensors");
    Path state = out.resolve("state.safetensors");
    var first = TrustJson.read(out.resolve("trust.json")).get("1");
    Runnable other =
        () -> {
          params = folder.resolve("p");
          CommandRun.done(arguments(out, 1));
        };
    CommandRun.done(
        StepPairTest.command(before("write params.safetensors", other)),
        arguments(out, 2, "--state", state));
    var trust = TrustJson.read(out.resolve("trust.json"));
    assertEquals(Set.of("1", "2"), trust.keySet());
    assertEquals(first, trust.get("1"));
  }

  @Test
  void shouldFailIfAResultIsGone() throws IOException {
    CommandRun.done(arguments(out, 0));
    Map<String, String> before = files(out);
    CommandRun run =
        CommandRun.of(
            StepPairTest.command(before("complete", this::deletePendingState)), arguments(out, 1));
    assertEquals(1, run.exitCode());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("state.safetensors; repeat the command"), run.err());
    assertEquals("", run.out());
    assertEquals(before, files(out));
  }

  private void deletePendingState() {
    try (Stream<Path> paths = Files.list(out)) {
      Path pending = paths.filter(Files::isDirectory).findFirst().orElseThrow();
      Files.delete(pending.resolve("state.safetensors"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
