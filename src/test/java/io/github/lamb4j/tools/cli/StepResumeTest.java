package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** N steps in one call and N calls of one step give the same bytes. */
class StepResumeTest {

  private static final int STEPS = 4;

  /** One for each step; the last two the same. */
  private static final String[] RATES = {"0.1", "0.02", "0.003", "0.003"};

  private static final List<String> OPTIONS =
      List.of("--max-grad-norm=0.5", "--no-decay=bias|Norm", "--no-adapt=^exp", "--beta1=0.8");

  @TempDir Path folder;

  private List<String> base = OPTIONS;
  private Path params;
  private Path all;

  @BeforeEach
  void takeAllStepsInOneCall() throws IOException {
    params = StepModel.params(5).metadata("format", "pt").write(folder.resolve("p"));
    for (int i = 0; i < STEPS; i++) {
      StepModel.grads(i).write(folder.resolve("g" + i));
    }
    all = folder.resolve("all");
    step(params, null, all, 0, STEPS);
  }

  private void step(Path params, Path state, Path out, int from, int to, Object... options) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", params, "--out", out));
    if (state != null) {
      arguments.addAll(List.of("--state", state));
    }
    for (int i = from; i < to; i++) {
      arguments.addAll(List.of("--grads", folder.resolve("g" + i)));
    }
    arguments.addAll(List.of("--lr", String.join(",", Arrays.copyOfRange(RATES, from, to))));
    arguments.addAll(base);
    arguments.addAll(Arrays.asList(options));
    CommandRun.done(arguments.toArray());
  }

  private static Path params(Path out) {
    return out.resolve("params.safetensors");
  }

  private static Path state(Path out) {
    return out.resolve("state.safetensors");
  }

  private void assertSameAsAll(Path out) throws IOException {
    assertArrayEquals(Files.readAllBytes(params(all)), Files.readAllBytes(params(out)));
    assertArrayEquals(Files.readAllBytes(state(all)), Files.readAllBytes(state(out)));
  }

  @Test
  void shouldGiveTheSameBytesInOneCallForEachStep() throws IOException {
    Path from = params;
    Path state = null;
    Map<String, Object> trust = new LinkedHashMap<>();
    for (int i = 0; i < STEPS; i++) {
      Path out = folder.resolve("step" + i);
      step(from, state, out, i, i + 1, "--backend=cpu", "--threads=" + (1 + i));
      trust.putAll(TrustJson.read(out.resolve("trust.json")));
      from = params(out);
      state = state(out);
    }
    assertSameAsAll(folder.resolve("step3"));
    assertEquals(TrustJson.read(all.resolve("trust.json")), trust);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void shouldGiveTheSameBytesInPlace(int split) throws IOException {
    Path out = folder.resolve("out");
    step(params, null, out, 0, split);
    step(params(out), state(out), out, split, STEPS, "--threads=2");
    assertSameAsAll(out);
    assertEquals(-1, Files.mismatch(all.resolve("trust.json"), out.resolve("trust.json")));
    try (var files = Files.list(out)) {
      assertEquals(3, files.count());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--lans --decoupled-decay --grad-scale=8",
        "--bias-correction=lr --no-grad-averaging --max-grad-norm=0.1 --skip-nonfinite",
        "--preset=deepspeed --grad-scale=0.01",
        "--preset=keras --weight-decay=0.1",
        "--preset=timm",
        "--preset=adamw --no-adapt=bias",
        "--preset=tf-addons --no-decay=bias",
        "--weight-decay=0 --no-decay=bias",
        "--weight-decay=0.1 --no-decay=. --no-adapt=."
      })
  void shouldGiveTheSameBytesWithOtherOptions(String options) throws IOException {
    base = List.of(options.split(" "));
    step(params, null, all, 0, STEPS);
    Path out = folder.resolve("out");
    step(params, null, out, 0, 1);
    step(params(out), state(out), out, 1, 3);
    step(params(out), state(out), out, 3, STEPS);
    assertSameAsAll(out);
  }

  @Test
  void shouldSayInTheStateWhatElseItWasMadeWith() throws IOException {
    base =
        List.of(
            "--preset=TIMM",
            "--max-grad-norm=none",
            "--decoupled-decay",
            "--bias-correction=lr",
            "--no-grad-averaging",
            "--grad-scale=65536",
            "--skip-nonfinite");
    step(params, null, all, 0, 1);
    Map<String, String> metadata = Checkpoint.metadata(state(all));
    assertEquals("timm", metadata.get("preset"));
    assertEquals("none", metadata.get("max_grad_norm"));
    assertEquals("true", metadata.get("group.0.decoupled_decay"));
    assertEquals("LEARNING_RATE", metadata.get("group.0.bias_correction"));
    assertEquals("false", metadata.get("group.0.gradient_averaging"));
    assertEquals("65536.0", metadata.get("grad_scale"));
    assertEquals("SKIP", metadata.get("non_finite_gradients"));
    base = List.of("--lans");
    step(params, null, all, 0, 1);
    assertEquals("LANS", Checkpoint.metadata(state(all)).get("group.0.update_rule"));
  }

  @Test
  void shouldGiveTheSameTrustTwice() throws IOException {
    Path out = folder.resolve("out");
    step(params, null, out, 0, STEPS, "--threads=1");
    assertSameAsAll(out);
    assertEquals(-1, Files.mismatch(all.resolve("trust.json"), out.resolve("trust.json")));
  }

  @Test
  void shouldCarryTheMetadataOfTheWeightsOver() throws IOException {
    Map<String, String> written = new TreeMap<>(Checkpoint.metadata(params(all)));
    assertEquals("4", written.remove("lamb4j.step"));
    assertTrue(written.remove("lamb4j.weights_sha256").matches("[0-9a-f]{64}"));
    assertEquals(Map.of("format", "pt"), written);
    params = StepModel.params(5).write(folder.resolve("p"));
    step(params, null, all, 0, 1);
    assertEquals(
        Set.of("lamb4j.step", "lamb4j.weights_sha256"), Checkpoint.metadata(params(all)).keySet());
  }

  @Test
  void shouldSayInTheStateWhatItWasMadeWith() throws IOException {
    Map<String, String> metadata = Checkpoint.metadata(state(all));
    Map<String, String> expected = new TreeMap<>(metadata);
    expected.keySet().removeIf(key -> key.startsWith("group."));
    assertEquals(
        Checkpoint.metadata(params(all)).get("lamb4j.weights_sha256"),
        expected.remove("lamb4j.weights_sha256"));
    assertEquals(
        Map.of(
            "format", "lamb4j state",
            "version", "2",
            "step", "4",
            "skipped", "0",
            "max_grad_norm", "0.5",
            "non_finite_gradients", "PROPAGATE",
            "preset", "paper",
            "grad_scale", "1.0"),
        expected);
    List<String> names = new ArrayList<>();
    for (int g = 0; g < 3; g++) {
      names.add(metadata.get("group." + g + ".name"));
      assertEquals("4", metadata.get("group." + g + ".steps"));
      assertEquals("0.003", metadata.get("group." + g + ".learning_rate"));
      assertEquals("0.8", metadata.get("group." + g + ".beta1"));
    }
    assertEquals(List.of("model", "model, no decay", "model, no adaptation"), names);
    assertEquals("dense/weight", metadata.get("group.0.parameter.0"));
    assertEquals("dense/bias", metadata.get("group.1.parameter.0"));
    assertEquals("0.0", metadata.get("group.1.weight_decay"));
    assertEquals("exp_avg/dense/weight", metadata.get("group.2.parameter.0"));
    assertEquals("NEVER", metadata.get("group.2.layer_adaptation"));
  }

  @Test
  void shouldTakeAStateThatHasOnlyTheMomentsAndTheStep() throws IOException {
    Path half = folder.resolve("half");
    step(params, null, half, 0, 2);
    Checkpoint foreign = new Checkpoint().metadata("step", "2");
    List<Map.Entry<String, float[]>> moments =
        new ArrayList<>(Checkpoint.values(state(half)).entrySet());
    Map<String, long[]> shapes = StepModel.shapes();
    // From elsewhere: another order, too.
    for (int i = moments.size() - 1; i >= 0; i--) {
      String name = moments.get(i).getKey();
      foreign.f32(name, shapes.get(name.split("/", 2)[1]), moments.get(i).getValue());
    }
    Path out = folder.resolve("out");
    step(params(half), foreign.write(folder.resolve("s")), out, 2, STEPS);
    assertSameAsAll(out);
  }

  @Test
  void shouldCountOnFromTheStepOfTheState() throws IOException {
    Checkpoint foreign = new Checkpoint().metadata("step", "1000000").f32("exp_avg/w", 1);
    Path state = foreign.f32("exp_avg_sq/w", 1).write(folder.resolve("s"));
    Path model = new Checkpoint().f32("w", 1).write(folder.resolve("w"));
    Path out = folder.resolve("out");
    CommandRun.done(
        "step", "--params", model, "--grads", model, "--state", state, "--out", out, "--lr=0.5");
    assertEquals("1000001", Checkpoint.metadata(state(out)).get("step"));
    Map<String, Object> trust = TrustJson.read(out.resolve("trust.json")).get("1000001").get("w");
    assertEquals(1 / (1 + 1e-6) + 0.01, (double) trust.get("update_norm"), 1e-6);
  }

  @Test
  void shouldNotIgnoreTheState() throws IOException {
    Path out = folder.resolve("out");
    step(params, null, out, 0, 1);
    step(params(out), null, out, 1, STEPS);
    assertNotEquals(-1, Files.mismatch(params(all), params(out)));
  }
}
