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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A resumed run keeps the settings of its state unless it is told to change them. */
class StepOverrideTest {

  private static final Path CASE = Path.of("src/test/resources/cases/05-resume-forgets-options");

  private static final List<String> OPTIONS =
      List.of("--preset=apex", "--weight-decay=0.1", "--beta2=0.98", "--no-decay=bias");

  @TempDir Path folder;
  private Path first;

  @BeforeEach
  void takeTheFirstStep() {
    first("first", OPTIONS);
  }

  private void first(String out, List<String> options) {
    first = folder.resolve(out);
    List<Object> arguments = new ArrayList<>(List.of("step", "--lr=0.01", "--out", first));
    arguments.addAll(List.of("--params", CASE.resolve("params.safetensors")));
    arguments.addAll(List.of("--grads", CASE.resolve("g1.safetensors")));
    arguments.addAll(options);
    CommandRun.done(arguments.toArray());
  }

  private Object[] second(String out, Object... options) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--lr=0.01"));
    arguments.addAll(List.of("--params", first.resolve("params.safetensors")));
    arguments.addAll(List.of("--state", first.resolve("state.safetensors")));
    arguments.addAll(List.of("--grads", CASE.resolve("g2.safetensors")));
    arguments.addAll(List.of("--out", folder.resolve(out)));
    arguments.addAll(Arrays.asList(options));
    return arguments.toArray();
  }

  private byte[] weights(String out) throws IOException {
    return Files.readAllBytes(folder.resolve(out).resolve("params.safetensors"));
  }

  private Map<String, String> metadata(String out) throws IOException {
    return Checkpoint.metadata(folder.resolve(out).resolve("state.safetensors"));
  }

  @Test
  void shouldTakeWhatIsNotSaidFromTheState() throws IOException {
    CommandRun.done(second("said", OPTIONS.toArray()));
    CommandRun run = CommandRun.done(second("unsaid"));
    assertArrayEquals(weights("said"), weights("unsaid"));
    assertEquals(metadata("said"), metadata("unsaid"));
    assertTrue(
        run.out()
            .contains(
                "from the state: preset apex, --beta2 0.98, --weight-decay 0.1 or 0.0, --max-grad-norm 1.0"),
        run.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--lans;--lans contradicts ;which was written without --lans; ",
        "--beta2=0.999;--beta2 0.999 contradicts ;which was written with 0.98",
        "--beta1=0.8;--beta1 0.8 contradicts ;which was written with 0.9",
        "--epsilon=1e-8;--epsilon 1.0E-8 contradicts ;which was written with 1.0E-6",
        "--weight-decay=0.01;--weight-decay 0.01 contradicts ;which was written with 0.1",
        "--preset=timm;--preset timm contradicts ;which was written with apex",
        "--preset=paper;--preset paper contradicts ;which was written with apex",
        "--max-grad-norm=none;--max-grad-norm none contradicts ;which was written with 1.0",
        "--max-grad-norm=2;--max-grad-norm 2.0 contradicts ;which was written with 1.0",
        "--grad-scale=2;--grad-scale 2.0 contradicts ;which was written with 1.0",
        "--skip-nonfinite;--nonfinite skip contradicts ;which was written with propagate",
        "--bias-correction=lr;--bias-correction lr contradicts ;which was written with moments",
        "--no-bias-correction;--no-bias-correction none contradicts ;which was written with moments",
        "--no-grad-averaging;--no-grad-averaging contradicts ;without --no-grad-averaging",
        "--decoupled-decay;--decoupled-decay contradicts ;without --decoupled-decay",
        "--trust-max=3;--trust-max 3.0 contradicts ;which was written with Infinity",
        "--weight-norm-max=3;--weight-norm-max 3.0 contradicts ;which was written with Infinity",
        "--no-decay=weight;--no-decay contradicts ;with tensor \"dense.weight\" decayed",
        "--no-decay=dense;--no-decay contradicts ;with tensor \"dense.weight\" decayed",
        "--no-adapt=weight;--no-adapt contradicts ;with tensor \"dense.weight\" adapted",
      })
  void shouldRefuseAContradictionUnlessToldToOverride(String option, String said, String before)
      throws IOException {
    Object[] arguments = second("second", option);
    CommandRun.refused(folder, said, arguments);
    CommandRun.refused(folder, before, arguments);
    CommandRun.refused(folder, "leave it out, or use --override-state", arguments);
    CommandRun.done(second("plain"));
    CommandRun.done(second("second", option, "--override-state"));
    if (!option.equals("--skip-nonfinite") && !option.startsWith("--preset=timm")) {
      assertNotEquals(metadata("plain"), metadata("second"));
    }
    // From then on, the state has the new value.
    Path third = folder.resolve("second");
    CommandRun.done(
        "step",
        "--params",
        third.resolve("params.safetensors"),
        "--state",
        third.resolve("state.safetensors"),
        "--grads",
        CASE.resolve("g1.safetensors"),
        "--out",
        folder.resolve("third"),
        "--lr=0.1",
        option);
  }

  @Test
  void shouldTakeOptionsThatSayTheSame() {
    CommandRun.done(
        second(
            "same",
            "--preset=APEX",
            "--weight-decay=1e-1",
            "--beta1=0.90",
            "--no-decay=bi.s",
            "--max-grad-norm=1",
            "--trust-min=0",
            "--no-decoupled-decay",
            "--bias-correction=moments",
            "--grad-scale=1",
            "--nonfinite=propagate"));
  }

  @Test
  void shouldDecayAgainWhatAnExpressionNoLongerExcludes() throws IOException {
    CommandRun.done(second("other", "--no-decay=weight", "--override-state"));
    Map<String, Map<String, Object>> step =
        TrustJson.read(folder.resolve("other").resolve("trust.json")).get("2");
    assertEquals(false, step.get("dense.weight").get("decayed"));
    assertEquals(true, step.get("dense.bias").get("decayed"));
    assertEquals("2", metadata("other").get("step"));
  }

  /** The case's tensors are dense.weight and dense.bias. */
  @ParameterizedTest
  @CsvSource({
    "--weight-decay=0 --no-decay=bias, '', 0.0, WITH_DECAY, 0.0, WITH_DECAY",
    "--weight-decay=0.2 --no-decay=weight, '', 0.0, WITH_DECAY, 0.2, WITH_DECAY",
    "--preset=adamw --no-adapt=bias, '', 0.01, NEVER, 0.0, NEVER",
    "--preset=tf-addons --no-decay=bias, '', 0.0, ALWAYS, 0.0, ALWAYS",
    "--preset=keras --weight-decay=0.3, '', 0.3, ALWAYS, 0.0, ALWAYS",
    "--no-adapt=bias, --preset=adamw, 0.01, NEVER, 0.01, NEVER",
    "--no-adapt=bias, --no-adapt=., 0.01, ALWAYS, 0.01, NEVER",
    "--preset=apex, --no-adapt=., 0.01, NEVER, 0.01, NEVER",
    "--preset=apex, --preset=adamw, 0.01, WITH_DECAY, 0.01, WITH_DECAY",
  })
  void shouldOverrideWithWhatWasGivenAndKeepTheRest(
      String options,
      String firstOptions,
      String decay,
      String adaptation,
      String decayOfBias,
      String adaptationOfBias)
      throws IOException {
    if (!firstOptions.isEmpty()) {
      first("other", List.of(firstOptions.split(" ")));
    }
    List<Object> all = new ArrayList<>(Arrays.asList(options.split(" ")));
    all.add("--override-state");
    CommandRun.done(second("second", all.toArray()));
    assertEquals(
        Map.of(
            "dense.weight", List.of(decay, adaptation),
            "dense.bias", List.of(decayOfBias, adaptationOfBias)),
        settings(metadata("second")));
  }

  /** By tensor, its weight decay and its layer adaptation. */
  private static Map<String, List<String>> settings(Map<String, String> metadata) {
    Map<String, List<String>> settings = new TreeMap<>();
    for (int g = 0; metadata.containsKey("group." + g + ".name"); g++) {
      String group = "group." + g + ".";
      for (int p = 0; metadata.containsKey(group + "parameter." + p); p++) {
        settings.put(
            metadata.get(group + "parameter." + p),
            List.of(
                metadata.get(group + "weight_decay"), metadata.get(group + "layer_adaptation")));
      }
    }
    return settings;
  }

  @Test
  void shouldRefuseToAdaptWhatTheStateExcluded() throws IOException {
    first("unadapted", List.of("--no-adapt=."));
    CommandRun.refused(
        folder,
        "--no-adapt contradicts " + first.resolve("state.safetensors"),
        second("second", "--no-adapt=bias"));
    CommandRun.refused(
        folder, "with tensor \"dense.weight\" not adapted", second("second", "--no-adapt=bias"));
  }
}
