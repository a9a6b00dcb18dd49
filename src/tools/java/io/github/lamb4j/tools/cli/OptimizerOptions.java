package io.github.lamb4j.tools.cli;

import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.schedule.Schedule;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BiFunction;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * The options of {@code lamb step} that say which optimizer it is: a preset, and what is to differ
 * from it. An option that is not given is null and leaves the preset's value.
 */
final class OptimizerOptions {

  @Option(
      names = "--preset",
      converter = PresetOption.class,
      completionCandidates = PresetOption.class,
      paramLabel = "NAME",
      description = {
        "Begin with another optimizer's hyperparameters, clipping and ways: ${COMPLETION-CANDIDATES}.",
        "Options that are given override it. Default: paper."
      })
  private Preset preset;

  @Option(names = "--beta1", paramLabel = "X", description = "Default 0.9, or the preset's.")
  private Double beta1;

  @Option(names = "--beta2", paramLabel = "X", description = "Default 0.999, or the preset's.")
  private Double beta2;

  @Option(names = "--epsilon", paramLabel = "X", description = "Default 1e-6, or the preset's.")
  private Double epsilon;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      description = "Default 0.01, or the preset's.")
  private Double weightDecay;

  @Option(
      names = "--decoupled-decay",
      negatable = true,
      description =
          "Weight decay outside the trust ratio, as Keras has it; or in it. Default in it, or the preset's.")
  private Boolean decoupledDecay;

  @Option(
      names = "--bias-correction",
      paramLabel = "WHERE",
      description =
          "moments; lr, folded into the learning rate as DeepSpeed has it; or none. Default moments, or the preset's.")
  private BiasCorrectionOption biasCorrection;

  @Option(names = "--no-bias-correction", description = "The same as --bias-correction=none.")
  private boolean noBiasCorrection;

  @Option(
      names = "--no-grad-averaging",
      description = "The first moment takes each gradient whole, not (1 - beta1) of it.")
  private boolean noGradAveraging;

  @Option(names = "--lans", description = "LANS: normalised gradients, and an update of two terms.")
  private boolean lans;

  @Option(
      names = "--max-grad-norm",
      converter = NormConverter.class,
      paramLabel = "X",
      description =
          "Clip the norm of all gradients to this, or none. Default none, or the preset's.")
  private OptionalDouble maxGradNorm;

  @Option(
      names = "--grad-scale",
      paramLabel = "X",
      description =
          "The gradients are X times the true ones: each is divided by X, before it is clipped. Default 1.")
  private Double gradScale;

  @Option(
      names = "--skip-nonfinite",
      description =
          "Skip the step of a file whose gradients are not all finite: it changes nothing, the step count included.")
  private boolean skipNonFinite;

  @Option(
      names = "--trust-min",
      paramLabel = "X",
      description = "Least trust ratio. Default 0, or the preset's.")
  private Double trustMin;

  @Option(
      names = "--trust-max",
      paramLabel = "X",
      description = "Largest trust ratio. Default Infinity, or the preset's.")
  private Double trustMax;

  @Option(
      names = "--weight-norm-max",
      paramLabel = "X",
      description =
          "Largest weight norm that the trust ratio sees. Default Infinity, or the preset's.")
  private Double weightNormMax;

  /** A norm, or the word none. */
  static final class NormConverter implements ITypeConverter<OptionalDouble> {
    @Override
    public OptionalDouble convert(String text) {
      if (text.equalsIgnoreCase("none")) {
        return OptionalDouble.empty();
      }
      try {
        return OptionalDouble.of(Double.parseDouble(text));
      } catch (NumberFormatException e) {
        throw new TypeConversionException("'" + text + "' is neither a number nor none");
      }
    }
  }

  /**
   * The hyperparameters of all tensors that are not chosen otherwise by their names.
   *
   * @throws BadInput if options, these or others here, are out of range or contradict each other
   */
  Hyperparameters hyperparameters(Schedule learningRate) {
    requireRanges();
    Hyperparameters own = preset().hyperparameters(learningRate);
    own = with(own, "--beta1", beta1, (h, value) -> h.withBetas(value, h.beta2()));
    own = with(own, "--beta2", beta2, (h, value) -> h.withBetas(h.beta1(), value));
    own = with(own, "--epsilon", epsilon, Hyperparameters::withEpsilon);
    own = with(own, "--weight-decay", weightDecay, Hyperparameters::withWeightDecay);
    own = with(own, "--weight-norm-max", weightNormMax, OptimizerOptions::withWeightNormMax);
    own = own.withTrustRatioLimits(trustRatioLimits(own.trustRatioLimits()));
    own = own.withBiasCorrection(biasCorrection(own.biasCorrection()));
    if (decoupledDecay != null) {
      own = own.withDecoupledDecay(decoupledDecay);
    }
    if (noGradAveraging) {
      own = own.withGradientAveraging(false);
    }
    if (lans) {
      own = own.withUpdateRule(UpdateRule.LANS);
    }
    requireNoContradiction(own);
    return own;
  }

  private void requireRanges() {
    if (maxGradNorm != null && maxGradNorm.isPresent()) {
      requirePositive("--max-grad-norm", maxGradNorm.getAsDouble(), "; give none for no clipping");
    }
    if (gradScale != null) {
      requirePositive("--grad-scale", gradScale, "");
    }
  }

  private static void requirePositive(String option, double value, String remedy) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new BadInput(option + " " + value + ": must be a finite number above 0" + remedy);
    }
  }

  /** Applies an option; the library's refusals begin with its own name for it and the value. */
  private static Hyperparameters with(
      Hyperparameters own,
      String option,
      Double value,
      BiFunction<Hyperparameters, Double, Hyperparameters> change) {
    if (value == null) {
      return own;
    }
    try {
      return change.apply(own, value);
    } catch (IllegalArgumentException e) {
      String message = e.getMessage();
      throw new BadInput(option + " " + value + message.substring(message.indexOf(": ")));
    }
  }

  private static Hyperparameters withWeightNormMax(Hyperparameters own, double max) {
    return own.withWeightNormLimits(new Limits(own.weightNormLimits().min(), max));
  }

  private Limits trustRatioLimits(Limits presets) {
    double min = trustMin == null ? presets.min() : trustMin;
    double max = trustMax == null ? presets.max() : trustMax;
    if (!(min >= 0) || Double.isInfinite(min)) {
      throw new BadInput("--trust-min " + min + ": must be a finite number, 0 or more");
    }
    if (!(max >= 0)) {
      throw new BadInput("--trust-max " + max + ": must be a number, 0 or more");
    }
    if (min > max) {
      throw new BadInput(
          "--trust-min %s%s is above --trust-max %s%s: give a lower --trust-min or a higher --trust-max"
              .formatted(min, origin(trustMin), max, origin(trustMax)));
    }
    return new Limits(min, max);
  }

  private String origin(Double given) {
    return given == null ? " of " + presetName() : "";
  }

  private BiasCorrection biasCorrection(BiasCorrection presets) {
    if (noBiasCorrection && biasCorrection != null && biasCorrection != BiasCorrectionOption.NONE) {
      throw new BadInput(
          "--no-bias-correction and --bias-correction %s contradict each other; give one of them"
              .formatted(biasCorrection));
    }
    if (noBiasCorrection) {
      return BiasCorrection.NONE;
    }
    return biasCorrection == null ? presets : biasCorrection.meaning();
  }

  private void requireNoContradiction(Hyperparameters own) {
    if (lans && preset != null && preset != Preset.LANS) {
      throw new BadInput(
          "--lans and %s are two optimizers; leave one of them out".formatted(presetName()));
    }
    // A weight decay of 0 that was asked for is one end of a sweep.
    if (Boolean.TRUE.equals(decoupledDecay) && weightDecay == null && own.weightDecay() == 0) {
      throw new BadInput(
          "--decoupled-decay: %s has no weight decay; give a --weight-decay too"
              .formatted(presetName()));
    }
    requireUseOfLimits(own);
  }

  /** Refuses limits that were asked for where the preset takes every trust ratio away. */
  private void requireUseOfLimits(Hyperparameters own) {
    Map<String, Double> limits = new LinkedHashMap<>();
    limits.put("--trust-min", trustMin);
    limits.put("--trust-max", trustMax);
    limits.put("--weight-norm-max", weightNormMax);
    limits.values().removeIf(Objects::isNull);
    if (limits.isEmpty() || own.isAdapted()) {
      return;
    }
    Map.Entry<String, Double> first = limits.entrySet().iterator().next();
    throw new BadInput(
        "%s %s limits trust ratios, and with %s no tensor has one; leave it out"
            .formatted(first.getKey(), first.getValue(), presetName()));
  }

  private Preset preset() {
    return preset == null ? Preset.PAPER : preset;
  }

  private String presetName() {
    return "--preset " + PresetOption.nameOf(preset());
  }

  /** Gives a builder what is said of the gradients. */
  void configure(LambBuilder builder) {
    maxGradNorm().ifPresent(builder::maxGradNorm);
    if (gradScale != null) {
      builder.lossScale(Scalar.of(gradScale));
    }
    if (skipNonFinite) {
      builder.nonFiniteGradients(NonFiniteGradients.SKIP);
    }
  }

  private OptionalDouble maxGradNorm() {
    return maxGradNorm == null ? preset().maxGradNorm() : maxGradNorm;
  }

  /** What the gradients are clipped to, in one line, if they are. */
  Optional<String> clipping(Hyperparameters own) {
    OptionalDouble norm = maxGradNorm();
    if (norm.isEmpty()) {
      return Optional.empty();
    }
    String cause = maxGradNorm == null ? " (" + presetName() + ")" : "";
    String effect =
        own.updateRule() == UpdateRule.LANS ? ", without effect: LANS normalises each" : "";
    return Optional.of("gradients clipped to norm " + norm.getAsDouble() + cause + effect);
  }

  /** Says what it is in the state's metadata. */
  void describe(Hyperparameters own, Map<String, String> metadata) {
    OptionalDouble norm = maxGradNorm();
    metadata.put("preset", PresetOption.nameOf(preset()));
    metadata.put("update_rule", lowerCase(own.updateRule()));
    metadata.put("beta1", Double.toString(own.beta1()));
    metadata.put("beta2", Double.toString(own.beta2()));
    metadata.put("epsilon", Double.toString(own.epsilon()));
    metadata.put("weight_decay", Double.toString(own.weightDecay()));
    metadata.put("decoupled_decay", Boolean.toString(own.decoupledDecay()));
    metadata.put("bias_correction", BiasCorrectionOption.of(own.biasCorrection()).toString());
    metadata.put("gradient_averaging", Boolean.toString(own.gradientAveraging()));
    metadata.put("layer_adaptation", lowerCase(own.layerAdaptation()));
    metadata.put("max_grad_norm", norm.isEmpty() ? "none" : Double.toString(norm.getAsDouble()));
    metadata.put("grad_scale", Double.toString(gradScale == null ? 1 : gradScale));
    metadata.put("skip_nonfinite", Boolean.toString(skipNonFinite));
    metadata.put("trust_min", Double.toString(own.trustRatioLimits().min()));
    metadata.put("trust_max", Double.toString(own.trustRatioLimits().max()));
    metadata.put("weight_norm_min", Double.toString(own.weightNormLimits().min()));
    metadata.put("weight_norm_max", Double.toString(own.weightNormLimits().max()));
  }

  private static String lowerCase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
