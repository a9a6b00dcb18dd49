package io.github.lamb4j.internal.spi;

import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.Scalar;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How a step processes the gradients of all groups before it uses them.
 *
 * @param maxNorm the largest norm of the true gradients, if they are clipped
 * @param norm the norm of the gradients in memory, if the caller supplies it
 * @param lossScale the factor by which the loss and thus each gradient was multiplied
 * @param divisor the number of gradients summed in memory
 * @param nonFinite the policy for non-finite gradients
 */
public record GradientOptions(
    OptionalDouble maxNorm,
    Optional<Scalar> norm,
    Scalar lossScale,
    Scalar divisor,
    NonFiniteGradients nonFinite) {

  /** Gradients are used unchanged. */
  public static final GradientOptions NONE =
      new GradientOptions(
          OptionalDouble.empty(),
          Optional.empty(),
          Scalar.ONE,
          Scalar.ONE,
          NonFiniteGradients.PROPAGATE);

  /** {@return whether a step computes or receives the norm of all gradients} */
  public boolean knowsNorm() {
    return norm.isPresent() || computesNorm();
  }

  /** {@return whether a step computes the norm of all gradients, which reads each once more} */
  public boolean computesNorm() {
    return norm.isEmpty() && (maxNorm.isPresent() || nonFinite != NonFiniteGradients.PROPAGATE);
  }

  /** {@return whether gradients are used unchanged} */
  public boolean isNone() {
    return !knowsNorm() && lossScale.equals(Scalar.ONE) && divisor.equals(Scalar.ONE);
  }

  /** {@return the product of those of loss scale and divisor that are constants} */
  public double constantDivisor() {
    return constant(lossScale) * constant(divisor);
  }

  private static double constant(Scalar scalar) {
    return scalar instanceof Scalar.Constant c ? c.value() : 1;
  }
}
