package io.github.lamb4j.tools.cli;

import io.github.lamb4j.config.NonFiniteGradients;
import java.util.Locale;
import java.util.OptionalDouble;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of {@code lamb step} that concern the gradients of all tensors together. */
final class GradientOptions {

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
          "The gradients are scaled by X: each is divided by X before clipping. Default 1.")
  private Double gradScale;

  @Option(
      names = "--nonfinite",
      paramLabel = "POLICY",
      description =
          "For gradients that are not all finite: propagate them and warn; skip the step of that"
              + " file, which then changes nothing, not even the step count; or fail and write"
              + " nothing. Default propagate.")
  private NonFiniteGradients nonFinite;

  @Option(names = "--skip-nonfinite", description = "The same as --nonfinite=skip.")
  private boolean skipNonFinite;

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
   * Checks the values.
   *
   * @throws BadInput if one is out of range, or two contradict each other
   */
  void requireRanges() {
    if (skipNonFinite && nonFinite != null && nonFinite != NonFiniteGradients.SKIP) {
      throw new BadInput(
          "--skip-nonfinite and --nonfinite %s contradict each other; use only one of them"
              .formatted(nonFinite.name().toLowerCase(Locale.ROOT)));
    }
    if (maxGradNorm != null && maxGradNorm.isPresent()) {
      requirePositive("--max-grad-norm", maxGradNorm.getAsDouble(), "; omit it for no clipping");
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

  /** The norm to clip to; null if the option was not given. */
  OptionalDouble maxGradNorm() {
    return maxGradNorm;
  }

  /** The scale of the gradients; null if the option was not given. */
  Double gradScale() {
    return gradScale;
  }

  /** The policy; null if no option was given. */
  NonFiniteGradients policy() {
    return skipNonFinite ? NonFiniteGradients.SKIP : nonFinite;
  }
}
