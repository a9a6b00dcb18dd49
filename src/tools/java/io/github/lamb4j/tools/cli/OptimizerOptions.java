package io.github.lamb4j.tools.cli;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import picocli.CommandLine.Option;

/**
 * The options of {@code lamb step} that select the optimizer: a preset, and values that override
 * it. An option that is not given is null and leaves the value alone.
 */
final class OptimizerOptions {

  @Option(
      names = "--preset",
      converter = PresetOption.class,
      completionCandidates = PresetOption.class,
      paramLabel = "NAME",
      description = {
        "Start from another optimizer's hyperparameters and clipping: ${COMPLETION-CANDIDATES}.",
        "Other options override it. Default: paper."
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
          "Apply weight decay outside the trust ratio, as Keras does. Default: inside, or the preset's.")
  private Boolean decoupledDecay;

  @Option(
      names = "--bias-correction",
      paramLabel = "WHERE",
      description =
          "moments; lr, which corrects the learning rate instead, as DeepSpeed does; or none."
              + " Default moments, or the preset's.")
  private BiasCorrectionOption biasCorrection;

  @Option(names = "--no-bias-correction", description = "The same as --bias-correction=none.")
  private boolean noBiasCorrection;

  @Option(
      names = "--no-grad-averaging",
      description = "Add the whole gradient to the first moment, not (1 - beta1) times it.")
  private boolean noGradAveraging;

  @Option(
      names = "--lans",
      description = "Use LANS: normalized gradients and an update of two terms.")
  private boolean lans;

  @Option(
      names = "--trust-min",
      paramLabel = "X",
      description = "Minimum trust ratio. Default 0, or the preset's.")
  private Double trustMin;

  @Option(
      names = "--trust-max",
      paramLabel = "X",
      description = "Maximum trust ratio. Default Infinity, or the preset's.")
  private Double trustMax;

  @Option(
      names = "--weight-norm-max",
      paramLabel = "X",
      description =
          "Maximum weight norm used in the trust ratio. Default Infinity, or the preset's.")
  private Double weightNormMax;

  /**
   * One hyperparameter that options set.
   *
   * @param option the option that was given, or would set it
   * @param given its value on the command line; null if it was not given
   * @param value reads it
   */
  record Setting(String option, Object given, Function<Hyperparameters, Object> value) {

    /** A boolean setting as an option, or its absence. */
    String flag(Object on) {
      return Boolean.TRUE.equals(on) ? option : "without " + option;
    }
  }

  /** Every hyperparameter except those that differ by tensor name. */
  List<Setting> settings() {
    List<Setting> settings = new ArrayList<>();
    settings.add(new Setting("--beta1", beta1, Hyperparameters::beta1));
    settings.add(new Setting("--beta2", beta2, Hyperparameters::beta2));
    settings.add(new Setting("--epsilon", epsilon, Hyperparameters::epsilon));
    settings.add(new Setting("--decoupled-decay", decoupledDecay, Hyperparameters::decoupledDecay));
    settings.add(
        new Setting(
            noBiasCorrection ? "--no-bias-correction" : "--bias-correction",
            noBiasCorrection ? BiasCorrectionOption.NONE : biasCorrection,
            h -> BiasCorrectionOption.of(h.biasCorrection())));
    settings.add(
        new Setting(
            "--no-grad-averaging",
            noGradAveraging ? Boolean.TRUE : null,
            h -> !h.gradientAveraging()));
    settings.add(
        new Setting("--lans", lans ? Boolean.TRUE : null, h -> h.updateRule() == UpdateRule.LANS));
    settings.add(new Setting("--trust-min", trustMin, h -> h.trustRatioLimits().min()));
    settings.add(new Setting("--trust-max", trustMax, h -> h.trustRatioLimits().max()));
    settings.add(new Setting("--weight-norm-max", weightNormMax, h -> h.weightNormLimits().max()));
    return settings;
  }

  /** The preset; the paper's if none was given. */
  Preset preset() {
    return preset == null ? Preset.PAPER : preset;
  }

  /** Whether a preset was given. */
  boolean givesPreset() {
    return preset != null;
  }

  /** The weight decay that was given; null if none was. */
  Double weightDecay() {
    return weightDecay;
  }

  /**
   * The hyperparameters of all tensors that no expression excludes.
   *
   * @throws BadInput if options are out of range or contradict each other
   */
  Hyperparameters hyperparameters(Schedule learningRate) {
    Hyperparameters own = preset().hyperparameters(learningRate);
    own = with(own, "--weight-decay", weightDecay, Hyperparameters::withWeightDecay);
    own = applyTo(own, presetName());
    requireNoContradiction(own);
    return own;
  }

  /**
   * Overrides all hyperparameters that were given, except weight decay.
   *
   * @param origin where the others come from, for messages
   */
  Hyperparameters applyTo(Hyperparameters start, String origin) {
    Hyperparameters own = start;
    own = with(own, "--beta1", beta1, (h, value) -> h.withBetas(value, h.beta2()));
    own = with(own, "--beta2", beta2, (h, value) -> h.withBetas(h.beta1(), value));
    own = with(own, "--epsilon", epsilon, Hyperparameters::withEpsilon);
    own = with(own, "--weight-norm-max", weightNormMax, OptimizerOptions::withWeightNormMax);
    own = own.withTrustRatioLimits(trustRatioLimits(own.trustRatioLimits(), origin));
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
    return own;
  }

  /** Applies an option. The library's messages begin with its own name for it and the value. */
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

  private Limits trustRatioLimits(Limits start, String origin) {
    double min = trustMin == null ? start.min() : trustMin;
    double max = trustMax == null ? start.max() : trustMax;
    if (!(min >= 0) || Double.isInfinite(min)) {
      throw new BadInput("--trust-min " + min + ": must be a finite number, 0 or more");
    }
    if (!(max >= 0)) {
      throw new BadInput("--trust-max " + max + ": must be a number, 0 or more");
    }
    if (min > max) {
      throw new BadInput(
          "--trust-min %s%s is above --trust-max %s%s: use a lower --trust-min or a higher --trust-max"
              .formatted(min, from(trustMin, origin), max, from(trustMax, origin)));
    }
    return new Limits(min, max);
  }

  private static String from(Double given, String origin) {
    return given == null ? " of " + origin : "";
  }

  private BiasCorrection biasCorrection(BiasCorrection start) {
    if (noBiasCorrection && biasCorrection != null && biasCorrection != BiasCorrectionOption.NONE) {
      throw new BadInput(
          "--no-bias-correction and --bias-correction %s contradict each other; use only one of them"
              .formatted(biasCorrection));
    }
    if (noBiasCorrection) {
      return BiasCorrection.NONE;
    }
    return biasCorrection == null ? start : biasCorrection.meaning();
  }

  private void requireNoContradiction(Hyperparameters own) {
    if (lans && preset != null && preset != Preset.LANS) {
      throw new BadInput(
          "--lans and %s select two optimizers; leave one of them out".formatted(presetName()));
    }
    // A weight decay of 0 that was given is one end of a sweep.
    if (Boolean.TRUE.equals(decoupledDecay) && weightDecay == null && own.weightDecay() == 0) {
      throw new BadInput(
          "--decoupled-decay: %s has no weight decay; also specify --weight-decay"
              .formatted(presetName()));
    }
    requireUseOfLimits(own);
  }

  /** Refuses limits that would have no effect because the preset has no trust ratios. */
  private void requireUseOfLimits(Hyperparameters own) {
    if (own.isAdapted()) {
      return;
    }
    for (Setting limit : settings()) {
      if (limit.given() != null && limit.option().matches("--trust-m.*|--weight-norm-max")) {
        throw new BadInput(
            "%s %s limits trust ratios, and %s has none; leave it out"
                .formatted(limit.option(), limit.given(), presetName()));
      }
    }
  }

  private String presetName() {
    return "--preset " + PresetOption.nameOf(preset());
  }
}
