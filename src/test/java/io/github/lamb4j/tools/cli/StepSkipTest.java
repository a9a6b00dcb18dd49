package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code lamb step --skip-nonfinite}. */
class StepSkipTest {

  private static final List<String> RATES = List.of("0.1", "0.02", "0.3", "0.04", "0.5");

  /** By file: the one bad gradient, or 0 for none. */
  private static final float[] BAD = {0, Float.NaN, 0, Float.NEGATIVE_INFINITY, 0};

  @TempDir Path folder;

  private Path params;

  @BeforeEach
  void makeFiles() throws IOException {
    params = StepModel.params(3).write(folder.resolve("p"));
    for (int i = 0; i < BAD.length; i++) {
      Checkpoint grads = BAD[i] == 0 ? StepModel.grads(i) : StepModel.badGrads(i, BAD[i]);
      grads.write(grads(i));
    }
  }

  private Path grads(int file) {
    return folder.resolve("g" + file);
  }

  private Path out(String name) {
    return folder.resolve(name);
  }

  private CommandRun step(Path params, Path state, String out, int... files) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", params));
    if (state != null) {
      arguments.addAll(List.of("--state", state));
    }
    for (int file : files) {
      arguments.addAll(List.of("--grads", grads(file), "--lr", RATES.get(file)));
    }
    arguments.addAll(List.of("--out", out(out), "--skip-nonfinite", "--bias-correction=lr"));
    arguments.add("--max-grad-norm=0.5");
    return CommandRun.done(arguments.toArray());
  }

  private static Path params(Path out) {
    return out.resolve("params.safetensors");
  }

  private static Path state(Path out) {
    return out.resolve("state.safetensors");
  }

  private static void assertSameFile(Path expected, Path actual) throws IOException {
    assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(actual));
  }

  @Test
  void shouldBeAsIfSkippedFilesHadNotBeenGiven() throws IOException {
    step(params, null, "all", 0, 1, 2, 3, 4);
    step(params, null, "good", 0, 2, 4);
    assertSameFile(params(out("good")), params(out("all")));
    assertSameFile(out("good").resolve("trust.json"), out("all").resolve("trust.json"));
    Map<String, float[]> expected = Checkpoint.values(state(out("good")));
    Map<String, float[]> actual = Checkpoint.values(state(out("all")));
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), 0, name));
    Map<String, String> metadata = Checkpoint.metadata(state(out("all")));
    assertEquals("3", metadata.get("step"));
    assertEquals("2", metadata.get("skipped"));
    assertEquals("0", Checkpoint.metadata(state(out("good"))).get("skipped"));
  }

  @Test
  void shouldGiveTheSameBytesInOneCallForEachFile() throws IOException {
    step(params, null, "all", 0, 1, 2, 3, 4);
    Path from = params;
    Path state = null;
    Map<String, Object> trust = new LinkedHashMap<>();
    for (int i = 0; i < BAD.length; i++) {
      step(from, state, "step" + i, i);
      trust.putAll(TrustJson.read(out("step" + i).resolve("trust.json")));
      from = params(out("step" + i));
      state = state(out("step" + i));
    }
    assertSameFile(params(out("all")), from);
    assertSameFile(state(out("all")), state);
    assertEquals(TrustJson.read(out("all").resolve("trust.json")), trust);
    assertEquals(Set.of("1", "2", "3"), trust.keySet());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void shouldGiveTheSameBytesInTwoCalls(int split) throws IOException {
    step(params, null, "all", 0, 1, 2, 3, 4);
    int[] files = {0, 1, 2, 3, 4};
    step(params, null, "two", Arrays.copyOf(files, split));
    step(params(out("two")), state(out("two")), "two", Arrays.copyOfRange(files, split, 5));
    assertSameFile(params(out("all")), params(out("two")));
    assertSameFile(state(out("all")), state(out("two")));
  }

  @Test
  void shouldNameTheFilesThatItSkips() {
    List<String> lines = step(params, null, "all", 0, 1, 2, 3, 4).out().lines().toList();
    assertEquals(
        List.of(
            "gradients clipped to norm 0.5",
            "skipped " + grads(1) + ": the norm of its gradients is NaN",
            "skipped " + grads(3) + ": the norm of its gradients is Infinity",
            "3 step(s), now at step 3; results are in " + out("all")),
        lines.subList(1, lines.size()));
    assertFalse(step(params, null, "good", 0, 2).out().contains("skipped"));
  }

  @Test
  void shouldLeaveEverythingAloneIfAllIsSkipped() throws IOException {
    CommandRun run = step(params, null, "none", 1, 3, 1);
    assertTrue(
        run.out().endsWith("0 step(s), now at step 0; results are in %s%n".formatted(out("none"))));
    Map<String, float[]> before = StepModel.params(3).values();
    Map<String, float[]> after = Checkpoint.values(params(out("none")));
    before.forEach((name, values) -> assertArrayEquals(values, after.get(name), 0, name));
    for (float[] moments : Checkpoint.values(state(out("none"))).values()) {
      assertArrayEquals(new float[moments.length], moments);
    }
    assertEquals(Map.of(), TrustJson.read(out("none").resolve("trust.json")));
    assertEquals("0", Checkpoint.metadata(state(out("none"))).get("step"));
    assertEquals("3", Checkpoint.metadata(state(out("none"))).get("skipped"));
  }

  @Test
  void shouldSkipAScaleThatTakesTheTrueNormBeyondAllNumbers() throws IOException {
    CommandRun run =
        CommandRun.done(
            "step",
            "--params",
            params,
            "--grads",
            grads(0),
            "--lr=1",
            "--out",
            out("o"),
            "--skip-nonfinite",
            "--grad-scale=1e-320");
    assertTrue(run.out().contains("skipped " + grads(0)), run.out());
  }

  @Test
  void shouldTakeTheStepWithoutTheOption() throws IOException {
    CommandRun.warned(
        "dense/weight",
        "step",
        "--params",
        params,
        "--grads",
        grads(1),
        "--lr=0.1",
        "--out",
        out("nan"));
    assertEquals("1", Checkpoint.metadata(state(out("nan"))).get("step"));
    float[] weights = Checkpoint.values(params(out("nan"))).get("dense/weight");
    assertTrue(Float.isNaN(weights[weights.length - 1]));
  }
}
