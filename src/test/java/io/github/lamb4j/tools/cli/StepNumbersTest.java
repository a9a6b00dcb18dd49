package io.github.lamb4j.tools.cli;

import static io.github.lamb4j.tools.cli.Checkpoint.shape;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.ReferenceLamb;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.config.UpdateRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code lamb step} computes, against the formula in binary64. */
class StepNumbersTest {

  private static final double TOLERANCE = 2e-6;
  private static final Hyperparameters LAMB = Hyperparameters.lamb(0);

  @TempDir Path folder;

  private StepReference expected;
  private final List<Checkpoint> grads = new ArrayList<>();

  @BeforeEach
  void makeModel() throws IOException {
    Checkpoint params = StepModel.params(1);
    params.write(folder.resolve("p"));
    expected = new StepReference(params.values());
    for (int i = 0; i < 3; i++) {
      grads.add(StepModel.grads(10 + i));
      grads.get(i).write(folder.resolve("g" + i));
    }
  }

  /** Three steps of the command and of the formula, which are then compared in everything. */
  private void assertSteps(String rates, Object... options) throws IOException {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", folder.resolve("p")));
    for (int i = 0; i < 3; i++) {
      arguments.addAll(List.of("--grads", folder.resolve("g" + i)));
    }
    Path out = folder.resolve("out");
    arguments.addAll(List.of("--out", out, "--lr", rates));
    arguments.addAll(Arrays.asList(options));
    CommandRun run = CommandRun.done(arguments.toArray());
    String said = "3 step(s), now at step 3; results are in %s%n".formatted(out);
    assertTrue(run.out().endsWith(said), run.out());

    Map<String, Map<String, Map<String, Object>>> trust = TrustJson.read(out.resolve("trust.json"));
    assertEquals(List.of("1", "2", "3"), List.copyOf(trust.keySet()));
    String[] rate = rates.split(",");
    for (int i = 0; i < 3; i++) {
      expected.step(grads.get(i).values(), Double.parseDouble(rate[i % rate.length]));
      assertTrusts(trust.get("" + (i + 1)));
    }
    assertState(out);
  }

  private void assertTrusts(Map<String, Map<String, Object>> actual) {
    assertEquals(expected.tensors.keySet(), actual.keySet());
    expected.tensors.forEach((name, tensor) -> assertTrust(tensor, actual.get(name), name));
  }

  private void assertTrust(ReferenceLamb.Tensor tensor, Map<String, Object> numbers, String name) {
    Set<String> keys =
        new HashSet<>(Set.of("decayed", "adapted", "weight_norm", "update_norm", "trust_ratio"));
    if (expected.hyperparameters.updateRule() == UpdateRule.LANS) {
      keys.addAll(Set.of("gradient_update_norm", "gradient_trust_ratio"));
      assertClose(tensor.gradientUpdateNorm, numbers.get("gradient_update_norm"), name);
      assertClose(tensor.gradientTrustRatio, numbers.get("gradient_trust_ratio"), name);
    }
    assertEquals(keys, numbers.keySet());
    assertClose(tensor.weightNorm, numbers.get("weight_norm"), name);
    assertClose(tensor.updateNorm, numbers.get("update_norm"), name);
    assertClose(tensor.trustRatio, numbers.get("trust_ratio"), name);
  }

  private static void assertClose(double expected, Object actual, String name) {
    assertEquals(expected, (double) actual, TOLERANCE * Math.abs(expected), name);
  }

  private void assertState(Path out) throws IOException {
    Map<String, float[]> weights = Checkpoint.values(out.resolve("params.safetensors"));
    Map<String, float[]> moments = Checkpoint.values(out.resolve("state.safetensors"));
    assertEquals(expected.tensors.keySet(), weights.keySet());
    assertEquals(2 * weights.size(), moments.size());
    for (String name : weights.keySet()) {
      ReferenceLamb.Tensor tensor = expected.tensors.get(name);
      assertClose(tensor.w, weights.get(name), name);
      assertClose(tensor.m, moments.get("exp_avg/" + name), name);
      assertClose(tensor.v, moments.get("exp_avg_sq/" + name), name);
    }
  }

  private static void assertClose(double[] expected, float[] actual, String name) {
    assertEquals(expected.length, actual.length, name);
    double[] difference = new double[expected.length];
    for (int i = 0; i < expected.length; i++) {
      difference[i] = actual[i] - expected[i];
    }
    double error = ReferenceLamb.norm(difference);
    assertTrue(error <= TOLERANCE * ReferenceLamb.norm(expected), name + " is off by " + error);
  }

  @Test
  void shouldFollowTheFormulaWithOneRateForAllSteps() throws IOException {
    assertSteps("0.02", "--backend", "cpu");
  }

  @Test
  void shouldFollowTheFormulaWithOneRateForEachStep() throws IOException {
    assertSteps("0.5,0,1e-3", "--backend=CPU", "--threads=3");
  }

  @Test
  void shouldFollowTheFormulaOnTheBackendThatIsChosen() throws IOException {
    assertSteps("0.01", "--backend", BackendChoice.auto().backend());
  }

  @Test
  void shouldTakeEveryHyperparameter() throws IOException {
    expected.hyperparameters =
        LAMB.withBetas(0.7, 0)
            .withEpsilon(0.01)
            .withWeightDecay(0.3)
            .withBiasCorrection(BiasCorrection.NONE);
    assertSteps(
        "0.02",
        "--beta1=0.7",
        "--beta2=0",
        "--epsilon=1e-2",
        "--weight-decay=0.3",
        "--no-bias-correction");
  }

  @Test
  void shouldClipTheNormOfAllGradients() throws IOException {
    expected.maxGradNorm = 0.01;
    assertSteps("0.02", "--max-grad-norm=0.01");
  }

  @Test
  void shouldDivideGradientsByTheirScaleBeforeItClips() throws IOException {
    expected.gradScale = 1024;
    assertSteps("0.02", "--grad-scale=1024");
    expected = new StepReference(StepModel.params(1).values());
    expected.gradScale = 0.3;
    expected.maxGradNorm = 1.5;
    double scaled = ReferenceLamb.norm(grads.get(0).values().get("dense/weight"));
    assertTrue(scaled < 1.5 && scaled / 0.3 > 1.5, "only the true norm should be clipped");
    assertSteps("0.02", "--grad-scale=0.3", "--max-grad-norm=1.5");
  }

  @Test
  void shouldFoldTheBiasCorrectionIntoTheLearningRate() throws IOException {
    expected.hyperparameters =
        LAMB.withBiasCorrection(BiasCorrection.LEARNING_RATE).withWeightDecay(0.3);
    assertSteps("0.02,0.01,0.3", "--bias-correction=lr", "--weight-decay=0.3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--bias-correction=NONE", "--no-bias-correction"})
  void shouldHaveTwoNamesForNoBiasCorrection(String option) throws IOException {
    expected.hyperparameters = LAMB.withBiasCorrection(BiasCorrection.NONE);
    assertSteps("0.02", option);
  }

  @Test
  void shouldTakeOneMeaningInTwoWords() throws IOException {
    expected.hyperparameters = LAMB.withBiasCorrection(BiasCorrection.NONE);
    assertSteps("0.02", "--no-bias-correction", "--bias-correction=none");
  }

  @Test
  void shouldDecayOutsideTheRatio() throws IOException {
    expected.hyperparameters = LAMB.withDecoupledDecay(true).withWeightDecay(0.7);
    expected.undecayed = name -> name.contains("bias");
    assertSteps("0.02,0.5,0.1", "--decoupled-decay", "--weight-decay=0.7", "--no-decay=bias");
  }

  @Test
  void shouldDecayOutsideTheRatioByTheRateAsItWas() throws IOException {
    expected.hyperparameters =
        LAMB.withDecoupledDecay(true)
            .withWeightDecay(0.7)
            .withBiasCorrection(BiasCorrection.LEARNING_RATE);
    assertSteps("0.2", "--decoupled-decay", "--weight-decay=0.7", "--bias-correction=lr");
  }

  @Test
  void shouldTakeGradientsWhole() throws IOException {
    expected.hyperparameters = LAMB.withGradientAveraging(false);
    assertSteps("0.02", "--no-grad-averaging");
  }

  @Test
  void shouldFollowTheFormulaOfLans() throws IOException {
    expected.hyperparameters =
        LAMB.withUpdateRule(UpdateRule.LANS).withTrustRatioLimits(Limits.atMost(0.5));
    expected.unadapted = name -> name.startsWith("exp");
    assertSteps("0.02,0.1,0.3", "--lans", "--no-adapt=^exp", "--trust-max=0.5");
  }

  @Test
  void shouldFollowTheFormulaOfLansForScaledGradients() throws IOException {
    expected.hyperparameters = LAMB.withUpdateRule(UpdateRule.LANS).withDecoupledDecay(true);
    expected.gradScale = 64; // makes no difference
    assertSteps("0.02", "--lans", "--grad-scale=64", "--decoupled-decay");
  }

  @ParameterizedTest
  @EnumSource(Preset.class)
  void shouldFollowEveryPreset(Preset preset) throws IOException {
    expected.hyperparameters = preset.hyperparameters(0);
    preset.maxGradNorm().ifPresent(norm -> expected.maxGradNorm = norm);
    expected.undecayed = name -> name.contains("dense");
    expected.gradScale = 0.1; // so that there is something to clip
    String name = PresetOption.nameOf(preset).toUpperCase(Locale.ROOT);
    assertSteps("0.02,0.1,0.3", "--preset", name, "--no-decay=dense", "--grad-scale=0.1");
  }

  @Test
  void shouldClipToAnotherNormThanThePreset() throws IOException {
    expected.hyperparameters = Preset.APEX_NVLAMB.hyperparameters(0);
    expected.gradScale = 0.1;
    expected.maxGradNorm = 2;
    assertSteps("0.02", "--preset=apex-nvlamb", "--grad-scale=0.1", "--max-grad-norm=2");
    expected = new StepReference(StepModel.params(1).values());
    expected.hyperparameters = Preset.APEX_NVLAMB.hyperparameters(0);
    expected.gradScale = 0.1;
    assertSteps("0.02", "--preset=apex-nvlamb", "--grad-scale=0.1", "--max-grad-norm=none");
  }

  @Test
  void shouldNotClipWhatIsSmallEnough() throws IOException {
    assertSteps("0.02", "--max-grad-norm=1e30");
  }

  @Test
  void shouldLimitRatiosAndWeightNorms() throws IOException {
    expected.hyperparameters =
        LAMB.withTrustRatioLimits(new Limits(0.04, 0.06)).withWeightNormLimits(Limits.atMost(0.7));
    assertSteps("0.02", "--trust-min=0.04", "--trust-max=0.06", "--weight-norm-max=0.7");
  }

  @Test
  void shouldSearchNamesForExpressions() throws IOException {
    expected.hyperparameters = LAMB.withWeightDecay(0.4);
    expected.undecayed = name -> name.endsWith("bias") || name.contains("Norm");
    expected.unadapted = name -> name.startsWith("exp_avg/") || name.contains("東");
    assertSteps(
        "0.02",
        "--weight-decay=0.4",
        "--no-decay=bias$",
        "--no-decay=N.rm",
        "--no-adapt",
        "^exp_avg/",
        "--no-adapt=東|__PROTO__");
  }

  @Test
  void shouldKeepTheTwoSwitchesApart() throws IOException {
    expected.undecayed = name -> true;
    assertSteps("0.02", "--weight-decay=0.4", "--no-decay=.");
    expected = new StepReference(StepModel.params(1).values());
    expected.hyperparameters = LAMB.withWeightDecay(0.4);
    expected.unadapted = name -> !name.equals("scalar");
    assertSteps("0.02", "--weight-decay=0.4", "--no-adapt=^(?!scalar).");
    expected = new StepReference(StepModel.params(1).values());
    expected.hyperparameters = LAMB.withWeightDecay(0.4);
    expected.undecayed = name -> name.contains("a");
    expected.unadapted = name -> name.contains("e");
    assertSteps("0.02", "--weight-decay=0.4", "--no-adapt", "e", "--no-decay", "a");
  }

  @Test
  void shouldTakeOneFileForWeightsAndGradients() throws IOException {
    Path params = folder.resolve("p");
    byte[] before = StepModel.params(1).bytes();
    Path out = folder.resolve("out");
    CommandRun.done("step", "--params", params, "--grads", params, "--out", out, "--lr", "0.1");
    expected.step(StepModel.params(1).values(), 0.1);
    assertTrusts(TrustJson.read(out.resolve("trust.json")).get("1"));
    assertState(out);
    assertArrayEquals(before, Files.readAllBytes(params));
  }

  @Test
  void shouldWriteValidJsonForWhatIsNoNumber() throws IOException {
    Checkpoint model =
        new Checkpoint()
            .f32("nan", Float.NaN, Float.NaN)
            .f32("infinite", Float.POSITIVE_INFINITY, -1)
            .f32("fine", 1, 2);
    Path params = model.write(folder.resolve("p"));
    Path gradients =
        new Checkpoint()
            .f32("nan", 1, 1)
            .f32("infinite", 1, 1)
            .half("fine", "BF16", shape(2), (short) 0x3F80, (short) 0x4000)
            .write(folder.resolve("g"));
    Path out = folder.resolve("out");
    CommandRun.warned(
        "tensor \"nan\"",
        "step",
        "--params",
        params,
        "--grads",
        gradients,
        "--out",
        out,
        "--lr=0.1");
    Map<String, Map<String, Object>> trust = TrustJson.read(out.resolve("trust.json")).get("1");
    assertEquals(numbers("NaN", "NaN", "NaN"), trust.get("nan"));
    assertEquals(numbers("Infinity", "Infinity", "NaN"), trust.get("infinite"));
    assertEquals(Math.sqrt(5), (double) trust.get("fine").get("weight_norm"), 1e-15);
    assertTrue(Float.isNaN(Checkpoint.values(out.resolve("params.safetensors")).get("nan")[0]));
  }

  private static Map<String, Object> numbers(Object weightNorm, Object updateNorm, Object ratio) {
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("decayed", true);
    numbers.put("adapted", true);
    numbers.put("weight_norm", weightNorm);
    numbers.put("update_norm", updateNorm);
    numbers.put("trust_ratio", ratio);
    return numbers;
  }
}
