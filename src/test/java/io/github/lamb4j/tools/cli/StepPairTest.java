package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/** Weights and state belong together, and change together. */
class StepPairTest {

  private static final int STEPS = 3;

  private static final List<String> NAMES =
      List.of("params.safetensors", "state.safetensors", "trust.json");

  @TempDir Path folder;
  private Path params;
  private Path out;

  @BeforeEach
  void makeFiles() throws IOException {
    params = StepModel.mixedParams(1).write(folder.resolve("p"));
    out = folder.resolve("out");
    for (int i = 0; i < STEPS; i++) {
      StepModel.grads(i).write(folder.resolve("g" + i));
    }
  }

  private Object[] arguments(Path params, Path state, Path out, int file, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--lr=0.02", "--params", params));
    if (state != null) {
      arguments.addAll(List.of("--state", state));
    }
    arguments.addAll(List.of("--grads", folder.resolve("g" + file), "--out", out));
    arguments.addAll(Arrays.asList(more));
    return arguments.toArray();
  }

  private static Path params(Path out) {
    return out.resolve("params.safetensors");
  }

  private static Path state(Path out) {
    return out.resolve("state.safetensors");
  }

  @Test
  void shouldRefuseWeightsOfAnotherStep() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    CommandRun.done(arguments(params, null, first, 0));
    CommandRun.done(arguments(params(first), state(first), second, 1));
    CommandRun.refused(
        folder,
        params(first)
            + " has the weights of step 1, but "
            + state(second)
            + " is the state of step 2",
        arguments(params(first), state(second), out, 2));
    CommandRun.refused(
        folder,
        params(second)
            + " has the weights of step 2, but "
            + state(first)
            + " is the state of step 1",
        arguments(params(second), state(first), out, 2));
    CommandRun.refused(
        folder,
        params + " does not have the weights that were written with " + state(first),
        arguments(params, state(first), out, 2));
  }

  @Test
  void shouldRefuseWeightsOfAnotherRun() throws IOException {
    Path first = folder.resolve("first");
    Path other = folder.resolve("other");
    CommandRun.done(arguments(params, null, first, 0));
    CommandRun.done(arguments(params, null, other, 0, "--beta1=0.5", "--weight-decay=0.3"));
    Object[] mixed = arguments(params(other), state(first), out, 1);
    CommandRun.refused(
        folder,
        params(other) + " does not have the weights that were written with " + state(first),
        mixed);
    CommandRun.refused(folder, "pass the two that were written together", mixed);
  }

  @Test
  void shouldPairWeightsInAnotherOrderWithoutTheirMetadata() throws IOException {
    Path model = new Checkpoint().f32("a", 1, 2).f32("b", 3).write(folder.resolve("m"));
    CommandRun.done("step", "--params", model, "--grads", model, "--lr=0.1", "--out", out);
    var values = Checkpoint.values(params(out));
    Path turned =
        new Checkpoint()
            .f32("b", values.get("b"))
            .f32("a", values.get("a"))
            .write(folder.resolve("t"));
    CommandRun.done(
        "step",
        "--params",
        turned,
        "--state",
        state(out),
        "--grads",
        model,
        "--lr=0.1",
        "--out",
        out);
  }

  @Test
  void shouldTakeChangedWeightsIfToldTo() throws IOException {
    Path model = new Checkpoint().f32("a", 1, 2).write(folder.resolve("m"));
    CommandRun.done("step", "--params", model, "--grads", model, "--lr=0.1", "--out", out);
    CommandRun.done(
        "step",
        "--params",
        model,
        "--state",
        state(out),
        "--grads",
        model,
        "--lr=0.1",
        "--out",
        out,
        "--override-state");
  }

  @Test
  void shouldRefuseATrustFileThatItCannotContinue() throws IOException {
    CommandRun.done(arguments(params, null, out, 0));
    String safetensors = "@\0\0\0\0\0\0\0{\"x\":1}";
    for (String damage :
        List.of(safetensors, "", "[]", "{\"one\": {}}", "{\"1\": 2}", "{\"1\": {", "{}{}")) {
      Files.writeString(out.resolve("trust.json"), damage);
      CommandRun.refused(
          folder,
          out.resolve("trust.json") + ": does not hold trust ratios by step; move it away",
          arguments(params(out), state(out), out, 1));
    }
    Files.delete(out.resolve("trust.json"));
    CommandRun.done(arguments(params(out), state(out), out, 1));
    assertEquals(Set.of("2"), TrustJson.read(out.resolve("trust.json")).keySet());
  }

  @Test
  void shouldForgetTheTrustOfStepsThatAreTakenAgain() throws IOException {
    CommandRun.done(arguments(params, null, out, 0));
    Path first = Files.createDirectory(folder.resolve("first"));
    for (String name : NAMES) {
      Files.copy(out.resolve(name), first.resolve(name));
    }
    CommandRun.done(arguments(params(out), state(out), out, 1));
    byte[] expected = Files.readAllBytes(out.resolve("trust.json"));
    for (String name : NAMES.subList(0, 2)) {
      Files.copy(first.resolve(name), out.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
    CommandRun.done(arguments(params(out), state(out), out, 1));
    assertArrayEquals(expected, Files.readAllBytes(out.resolve("trust.json")));
  }

  @Test
  void shouldKeepPermissions() throws IOException {
    CommandRun.done(arguments(params, null, out, 0));
    var secret = PosixFilePermissions.fromString("rw-------");
    Files.setPosixFilePermissions(state(out), secret);
    CommandRun.done(arguments(params(out), state(out), out, 1));
    assertEquals(secret, Files.getPosixFilePermissions(state(out)));
  }

  /** The end of a process, which no handler sees. */
  static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /** Kills the command before one of its changes. */
  private static final class Killer {
    private int left;
    private String killedBefore;

    Killer(int left) {
      this.left = left;
    }

    void change(String what) {
      if (left-- == 0) {
        killedBefore = what;
        throw new Killed();
      }
    }
  }

  /** A command with an observer of its changes. */
  static CommandLine command(Consumer<String> beforeChange) {
    return command(new StepCommand(backend -> Lamb.on(backend.choice()), beforeChange));
  }

  static CommandLine command(StepCommand step) {
    return Main.commandLine(
        new IFactory() {
          @Override
          public <K> K create(Class<K> type) throws Exception {
            return type == StepCommand.class
                ? type.cast(step)
                : CommandLine.defaultFactory().create(type);
          }
        });
  }

  @Test
  void shouldResumeHoweverItIsKilled() throws IOException {
    Path whole = folder.resolve("whole");
    run(whole, 0);
    Set<String> kills = new TreeSet<>();
    for (int kill = 0; ; kill++) {
      Path killed = folder.resolve("killed" + kill);
      CommandRun.done(arguments(params, null, killed, 0));
      Killer killer = new Killer(kill);
      Object[] second = arguments(params(killed), state(killed), killed, 1);
      if (killer(killer, second)) {
        break;
      }
      kills.add(killer.killedBefore);
      // A second kill, while the first is mended, and then no more.
      Killer again = new Killer(kill % 4);
      int step = step(killed);
      if (step < STEPS) {
        killer(again, arguments(params(killed), state(killed), killed, step));
      }
      run(killed, step(killed));
      for (String name : NAMES) {
        assertEquals(-1, Files.mismatch(whole.resolve(name), killed.resolve(name)), name + kill);
      }
      try (Stream<Path> files = Files.list(killed)) {
        Set<String> left = files.map(f -> f.getFileName().toString()).collect(Collectors.toSet());
        assertEquals(Set.copyOf(NAMES), left);
      }
    }
    assertEquals(
        Set.of(
            "write params.safetensors",
            "write state.safetensors",
            "write trust.json",
            "complete",
            "move params.safetensors",
            "move state.safetensors",
            "move trust.json",
            "delete"),
        kills);
  }

  @Test
  void shouldNotMoveResultsInADryRun() throws IOException {
    CommandRun.done(arguments(params, null, out, 0));
    Object[] second = arguments(params(out), state(out), out, 1);
    int beforeTheSecondMove = 5;
    killer(new Killer(beforeTheSecondMove), second);
    Path complete = out.resolve(".lamb4j-complete");
    assertTrue(Files.exists(complete.resolve("state.safetensors")));
    String said = complete + ": has results of a call that was killed, or is still moving them";
    CommandRun.refused(
        folder, said, arguments(params(out), state(out), folder.resolve("x"), 1, "--dry-run"));
    CommandRun.refused(folder, said, arguments(params, null, out, 1, "--dry-run"));
    CommandRun.refused(
        folder, said, arguments(params, state(out), folder.resolve("x"), 1, "--dry-run"));
    CommandRun.done(second); // which moves them
    Files.createDirectory(complete); // all moved, but killed before the end
    CommandRun.done(arguments(params(out), state(out), out, 1, "--dry-run"));
    assertTrue(Files.exists(complete));
  }

  /** Whether the command ran to its end. */
  private static boolean killer(Killer killer, Object... arguments) {
    if (killer.left > 20) {
      throw new AssertionError("more changes than there are");
    }
    CommandLine command = command(killer::change);
    try {
      CommandRun.done(command, arguments);
      return true;
    } catch (Killed e) {
      return false;
    }
  }

  private static int step(Path out) throws IOException {
    Path newer = out.resolve(".lamb4j-complete").resolve("state.safetensors");
    Path state = Files.exists(newer) ? newer : state(out);
    return Integer.parseInt(Checkpoint.metadata(state).get("step"));
  }

  /** All steps that are left, one call for each. */
  private void run(Path out, int from) {
    for (int i = from; i < STEPS; i++) {
      CommandRun.done(
          i == 0 ? arguments(params, null, out, i) : arguments(params(out), state(out), out, i));
    }
  }
}
