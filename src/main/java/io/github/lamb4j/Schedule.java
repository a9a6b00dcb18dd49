package io.github.lamb4j;

/**
 * A learning rate as a function of the step. The first step is step 1.
 *
 * <p>Schedules compose: BERT's linear warmup over 2000 steps followed by a square-root decay to
 * zero is
 *
 * <pre>{@code
 * Schedule.linearWarmup(6e-3, 2000).then(2000, Schedule.polynomial(6e-3, 0, 5038, 0.5))
 * }</pre>
 *
 * <p>Implementations must give a finite number, 0 or more, and the same one whenever they are asked
 * for the same step: a resumed run asks again.
 */
@FunctionalInterface
public interface Schedule {

  /**
   * The learning rate of a step.
   *
   * @param step counts from 1
   */
  double at(long step);

  /** The same learning rate at every step. */
  static Schedule constant(double learningRate) {
    requireRate("learning rate", learningRate);
    return step -> learningRate;
  }

  /**
   * {@code peak * min(step, steps) / steps}: reaches the peak at step {@code steps} and stays
   * there.
   */
  static Schedule linearWarmup(double peak, long steps) {
    requireRate("peak learning rate", peak);
    requireSteps("warmup steps", steps);
    return step -> peak * ((double) Math.min(step, steps) / steps);
  }

  /**
   * {@code end + (start - end) * (1 - min(step - 1, steps) / steps)^power}: {@code start} at step
   * 1, {@code end} after {@code steps} further steps. Power 1 is linear decay.
   */
  static Schedule polynomial(double start, double end, long steps, double power) {
    requireRate("start learning rate", start);
    requireRate("end learning rate", end);
    requireSteps("decay steps", steps);
    if (!(power > 0) || Double.isInfinite(power)) {
      throw new IllegalArgumentException("power " + power + ": must be a finite number above 0");
    }
    return step -> end + (start - end) * StrictMath.pow(1 - progress(step, steps), power);
  }

  /**
   * {@code end + (start - end) * (1 + cos(pi * min(step - 1, steps) / steps)) / 2}: {@code start}
   * at step 1, {@code end} after {@code steps} further steps.
   */
  static Schedule cosine(double start, double end, long steps) {
    requireRate("start learning rate", start);
    requireRate("end learning rate", end);
    requireSteps("decay steps", steps);
    return step ->
        end + (start - end) * ((1 + StrictMath.cos(Math.PI * progress(step, steps))) / 2);
  }

  /**
   * This schedule for {@code steps} steps, then {@code next}, which sees its own steps count from
   * 1.
   */
  default Schedule then(long steps, Schedule next) {
    requireSteps("steps before the next schedule", steps);
    if (next == null) {
      throw new IllegalArgumentException("next schedule: null");
    }
    return step -> step <= steps ? at(step) : next.at(step - steps);
  }

  private static double progress(long step, long steps) {
    return (double) Math.min(step - 1, steps) / steps;
  }

  private static void requireRate(String what, double rate) {
    if (!(rate >= 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException(
          what + " " + rate + ": must be a finite number, 0 or more");
    }
  }

  private static void requireSteps(String what, long steps) {
    if (steps < 1) {
      throw new IllegalArgumentException(what + " " + steps + ": must be 1 or more");
    }
  }
}
