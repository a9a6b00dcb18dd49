package io.github.lamb4j.internal.spi;

import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.Scalar;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a step makes of the gradients of all groups before any of them sees one.
 *
 * @param maxNorm clips the norm of all true gradients to this
 * @param norm the norm of the gradients as they lie, if the caller knows it
 * @param lossScale what the loss, and so every gradient, was multiplied by
 * @param divisor how many gradients were added up in each
 * @param nonFinite what becomes of a step whose gradients are not finite
 */
public record GradientOptions(
    OptionalDouble maxNorm,
    Optional<Scalar> norm,
    Scalar lossScale,
    Scalar divisor,
    NonFiniteGradients nonFinite) {

  /** Gradients are taken as they are. */
  public static final GradientOptions NONE =
      new GradientOptions(
          OptionalDouble.empty(),
          Optional.empty(),
          Scalar.ONE,
          Scalar.ONE,
          NonFiniteGradients.PROPAGATE);

  /** Whether a step knows the norm of all gradients. */
  public boolean knowsNorm() {
    return norm.isPresent() || computesNorm();
  }

  /** Whether a step computes the norm of all gradients, for 4 bytes per fp32 parameter. */
  public boolean computesNorm() {
    return norm.isEmpty() && (maxNorm.isPresent() || nonFinite != NonFiniteGradients.PROPAGATE);
  }

  /** Whether there is nothing to decide. */
  public boolean isNone() {
    return !knowsNorm() && lossScale.equals(Scalar.ONE) && divisor.equals(Scalar.ONE);
  }

  /** The product of loss scale and divisor, as far as they are constants. */
  public double constantDivisor() {
    return constant(lossScale) * constant(divisor);
  }

  private static double constant(Scalar scalar) {
    return scalar instanceof Scalar.Constant c ? c.value() : 1;
  }
}
