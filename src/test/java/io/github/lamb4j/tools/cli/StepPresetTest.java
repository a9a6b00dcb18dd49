package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.schedule.Schedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@code lamb step} makes of a preset and of options beside it. */
@Tag("slow")
class StepPresetTest {

  @TempDir Path folder;

  private Path model;

  @BeforeEach
  void makeModel() throws IOException {
    model = new Checkpoint().f32("w", 1, 2).f32("b", 3).write(folder.resolve("m"));
  }

  private CommandRun step(Object... options) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", model, "--grads", model));
    arguments.addAll(List.of("--lr=0.1", "--out", folder.resolve("out")));
    arguments.addAll(Arrays.asList(options));
    return CommandRun.done(arguments.toArray());
  }

  private Map<String, String> metadata(Object... options) throws IOException {
    step(options);
    Map<String, String> metadata =
        new HashMap<>(Checkpoint.metadata(folder.resolve("out").resolve("state.safetensors")));
    metadata.remove("lamb4j.weights_sha256");
    return metadata;
  }

  private static String option(Preset preset) {
    return "--preset=" + PresetOption.nameOf(preset);
  }

  private static Map<String, String> expected(Preset preset) {
    Hyperparameters h = preset.hyperparameters(step -> 0.1);
    Map<String, String> expected = new HashMap<>();
    expected.put("format", "lamb4j state");
    expected.put("version", "2");
    expected.put("step", "1");
    expected.put("skipped", "0");
    expected.put("group.0.name", "model");
    expected.put("group.0.steps", "1");
    expected.put("group.0.learning_rate", "0.1");
    expected.put("group.0.parameter.0", "w");
    expected.put("group.0.parameter.1", "b");
    expected.put("preset", preset.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    expected.put("group.0.update_rule", h.updateRule().name());
    expected.put("group.0.beta1", "" + h.beta1());
    expected.put("group.0.beta2", "" + h.beta2());
    expected.put("group.0.epsilon", "" + h.epsilon());
    expected.put("group.0.weight_decay", "" + h.weightDecay());
    expected.put("group.0.decoupled_decay", "" + h.decoupledDecay());
    expected.put("group.0.bias_correction", h.biasCorrection().name());
    expected.put("group.0.gradient_averaging", "" + h.gradientAveraging());
    expected.put("group.0.layer_adaptation", h.layerAdaptation().name());
    boolean clips = preset.maxGradNorm().isPresent();
    expected.put("max_grad_norm", clips ? "" + preset.maxGradNorm().getAsDouble() : "none");
    expected.put("grad_scale", "1.0");
    expected.put("non_finite_gradients", "PROPAGATE");
    expected.put("group.0.trust_ratio_limits.min", "" + h.trustRatioLimits().min());
    expected.put("group.0.trust_ratio_limits.max", "" + h.trustRatioLimits().max());
    expected.put("group.0.weight_norm_limits.min", "" + h.weightNormLimits().min());
    expected.put("group.0.weight_norm_limits.max", "" + h.weightNormLimits().max());
    return expected;
  }

  @ParameterizedTest
  @EnumSource
  void shouldTakeAllThatAPresetHas(Preset preset) throws IOException {
    assertEquals(expected(preset), metadata(option(preset)));
  }

  @ParameterizedTest
  @EnumSource
  void shouldChangeOfAPresetWhatIsGivenAndNothingElse(Preset preset) throws IOException {
    assertChange(preset, "--beta1=0.25", "beta1", "0.25");
    assertChange(preset, "--beta2=0.25", "beta2", "0.25");
    assertChange(preset, "--epsilon=0.25", "epsilon", "0.25");
    assertChange(preset, "--weight-decay=0.25", "weight_decay", "0.25");
    assertChange(preset, "--no-decoupled-decay", "decoupled_decay", "false");
    assertChange(preset, "--bias-correction=moments", "bias_correction", "MOMENTS");
    assertChange(preset, "--bias-correction=lr", "bias_correction", "LEARNING_RATE");
    assertChange(preset, "--no-bias-correction", "bias_correction", "NONE");
    assertChange(preset, "--no-grad-averaging", "gradient_averaging", "false");
    assertChange(preset, "--max-grad-norm=none", "max_grad_norm", "none");
    if (preset.hyperparameters(step -> 0).isAdapted()) {
      assertChange(preset, "--trust-min=0.5", "trust_ratio_limits.min", "0.5");
      assertChange(preset, "--trust-max=Infinity", "trust_ratio_limits.max", "Infinity");
      assertChange(preset, "--weight-norm-max=7", "weight_norm_limits.max", "7.0");
    }
  }

  private void assertChange(Preset preset, String option, String key, String value)
      throws IOException {
    Map<String, String> expected = expected(preset);
    expected.put(key.equals("max_grad_norm") ? key : "group.0." + key, value);
    assertEquals(expected, metadata(option(preset), option), option);
  }

  @Test
  void shouldBeThePaperWithoutAPreset() throws IOException {
    assertEquals(expected(Preset.PAPER), metadata());
    Schedule rates = Schedule.constant(1);
    assertEquals(Hyperparameters.lamb(rates), Preset.PAPER.hyperparameters(rates));
    assertTrue(Preset.PAPER.maxGradNorm().isEmpty());
  }

  @Test
  void shouldSayWhatGradientsAreClippedToAndWhy() {
    double norm = Preset.APEX.maxGradNorm().getAsDouble();
    String line = "gradients clipped to norm " + norm + " (--preset apex)" + System.lineSeparator();
    assertTrue(step("--preset=apex").out().contains(line));
    assertFalse(step("--preset=apex", "--max-grad-norm=none").out().contains("clipped"));
    String own = "gradients clipped to norm 0.5" + System.lineSeparator();
    assertTrue(step("--preset=apex", "--max-grad-norm=0.5").out().contains(own));
    assertTrue(step("--max-grad-norm=0.5").out().contains(own));
    assertFalse(step().out().contains("clipped"));
  }

  @Test
  void shouldPutTensorsWithoutATrustRatioInOneGroupWhateverTheReason() {
    String out = step("--preset=apex", "--no-decay=w|b", "--no-adapt=b").out();
    assertTrue(out.startsWith("2 tensor(s) with weight decay 0.0, layer adaptation off"), out);
    out = step("--preset=apex", "--no-decay=w", "--no-adapt=b").out();
    assertTrue(out.contains("1 tensor(s) with weight decay 0.0, layer adaptation off"), out);
    assertTrue(out.contains("1 tensor(s) with weight decay 0.01, layer adaptation off"), out);
    out = step("--preset=apex-nvlamb", "--no-decay=w").out();
    assertTrue(out.contains("1 tensor(s) with weight decay 0.0, layer adaptation on"), out);
  }

  /** The help cannot ask the library, which a preset may overrule. */
  @ParameterizedTest
  @CsvSource({
    "--beta1, group.0.beta1, 0.9",
    "--beta2, group.0.beta2, 0.999",
    "--epsilon, group.0.epsilon, 1e-6",
    "--weight-decay, group.0.weight_decay, 0.01",
    "--bias-correction, group.0.bias_correction, moments",
    "--max-grad-norm, max_grad_norm, none",
    "--grad-scale, grad_scale, 1",
    "--trust-min, group.0.trust_ratio_limits.min, 0",
    "--trust-max, group.0.trust_ratio_limits.max, Infinity",
    "--weight-norm-max, group.0.weight_norm_limits.max, Infinity"
  })
  void shouldStateTrueDefaultsInTheHelp(String option, String key, String value)
      throws IOException {
    String help = CommandRun.done("step", "--help").out().replaceAll("\\s+", " ");
    String own =
        help.substring(help.indexOf(" " + option + "=", help.indexOf(" --params=FILE The")));
    String stated = own.substring(own.indexOf(" Default ") + 9);
    assertTrue(stated.matches("\\Q" + value + "\\E(\\. |, or the preset's\\. ).*"), stated);
    String actual = metadata().get(key);
    boolean number = value.matches("[0-9].*|Infinity");
    assertEquals(
        number ? "" + Double.parseDouble(value) : value,
        number ? actual : actual.toLowerCase(Locale.ROOT));
  }
}
