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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@code lamb step} makes of a preset and of options beside it. */
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
    return Checkpoint.metadata(folder.resolve("out").resolve("state.safetensors"));
  }

  private static String option(Preset preset) {
    return "--preset=" + PresetOption.nameOf(preset);
  }

  private static Map<String, String> expected(Preset preset) {
    Hyperparameters h = preset.hyperparameters(step -> 0.1);
    Map<String, String> expected = new HashMap<>();
    expected.put("step", "1");
    expected.put("skipped_steps", "0");
    expected.put("learning_rate", "0.1");
    expected.put("preset", preset.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    expected.put("update_rule", h.updateRule().name().toLowerCase(Locale.ROOT));
    expected.put("beta1", "" + h.beta1());
    expected.put("beta2", "" + h.beta2());
    expected.put("epsilon", "" + h.epsilon());
    expected.put("weight_decay", "" + h.weightDecay());
    expected.put("decoupled_decay", "" + h.decoupledDecay());
    expected.put(
        "bias_correction",
        switch (h.biasCorrection()) {
          case MOMENTS -> "moments";
          case LEARNING_RATE -> "lr";
          case NONE -> "none";
        });
    expected.put("gradient_averaging", "" + h.gradientAveraging());
    expected.put("layer_adaptation", h.layerAdaptation().name().toLowerCase(Locale.ROOT));
    boolean clips = preset.maxGradNorm().isPresent();
    expected.put("max_grad_norm", clips ? "" + preset.maxGradNorm().getAsDouble() : "none");
    expected.put("grad_scale", "1.0");
    expected.put("skip_nonfinite", "false");
    expected.put("trust_min", "" + h.trustRatioLimits().min());
    expected.put("trust_max", "" + h.trustRatioLimits().max());
    expected.put("weight_norm_min", "" + h.weightNormLimits().min());
    expected.put("weight_norm_max", "" + h.weightNormLimits().max());
    expected.put("no_decay", "");
    expected.put("no_adapt", "");
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
    assertChange(preset, "--bias-correction=moments", "bias_correction", "moments");
    assertChange(preset, "--bias-correction=lr", "bias_correction", "lr");
    assertChange(preset, "--no-bias-correction", "bias_correction", "none");
    assertChange(preset, "--no-grad-averaging", "gradient_averaging", "false");
    assertChange(preset, "--max-grad-norm=none", "max_grad_norm", "none");
    if (preset.hyperparameters(step -> 0).isAdapted()) {
      assertChange(preset, "--trust-min=0.5", "trust_min", "0.5");
      assertChange(preset, "--trust-max=Infinity", "trust_max", "Infinity");
      assertChange(preset, "--weight-norm-max=7", "weight_norm_max", "7.0");
    }
  }

  private void assertChange(Preset preset, String option, String key, String value)
      throws IOException {
    Map<String, String> expected = expected(preset);
    expected.put(key, value);
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
    "--beta1, 0.9",
    "--beta2, 0.999",
    "--epsilon, 1e-6",
    "--weight-decay, 0.01",
    "--bias-correction, moments",
    "--max-grad-norm, none",
    "--grad-scale, 1",
    "--trust-min, 0",
    "--trust-max, Infinity",
    "--weight-norm-max, Infinity"
  })
  void shouldStateTrueDefaultsInTheHelp(String option, String value) throws IOException {
    String help = CommandRun.done("step", "--help").out().replaceAll("\\s+", " ");
    String own =
        help.substring(help.indexOf(" " + option + "=", help.indexOf(" --params=FILE The")));
    String stated = own.substring(own.indexOf(" Default ") + 9);
    assertTrue(stated.matches("\\Q" + value + "\\E(\\. |, or the preset's\\. ).*"), stated);
    String key = option.substring(2).replace('-', '_');
    String actual = metadata().get(key);
    boolean number = value.matches("[0-9].*|Infinity");
    assertEquals(number ? "" + Double.parseDouble(value) : value, actual);
  }
}
