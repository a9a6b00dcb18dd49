package io.github.lamb4j.schedule;

import static io.github.lamb4j.schedule.ScheduleChecks.requireNotNegative;
import static io.github.lamb4j.schedule.ScheduleChecks.requirePhase;
import static io.github.lamb4j.schedule.ScheduleChecks.requirePower;

/**
 * A learning rate as a function of the step. The first step is step 1. {@link Recipe} provides
 * complete published schedules; {@link BatchScaling} scales a rate to another batch size.
 *
 * <p>Schedules compose: a linear warmup over 2000 steps followed by a square-root decay to zero is
 *
 * <pre>{@code
 * Schedule.linearWarmup(6e-3, 2000).then(2000, Schedule.polynomial(6e-3, 0, 5038, 0.5))
 * }</pre>
 *
 * <p>An implementation must return a finite number of at least 0, and always the same number for
 * the same step, because a resumed run asks again. It may be asked for steps that are never taken:
 * by {@link io.github.lamb4j.Lamb#prepareReplays prepareReplays}, and when steps were skipped that
 * the host does not know of yet. The schedules created here give the same bits on every JVM.
 */
@FunctionalInterface
public interface Schedule {

  /**
   * {@return the learning rate of a step, finite and at least 0}
   *
   * @param step the step, counted from 1
   */
  double at(long step);

  /**
   * {@return the same learning rate at every step}
   *
   * @param learningRate finite and at least 0
   */
  static Schedule constant(double learningRate) {
    requireNotNegative("learning rate", learningRate);
    return step -> learningRate;
  }

  /**
   * {@return {@code peak * min(step, steps) / steps}, which reaches the peak at step {@code steps}
   * and stays there; without warmup steps, always the peak}
   *
   * @param peak the final learning rate, finite and at least 0
   * @param steps the number of warmup steps, at least 0
   */
  static Schedule linearWarmup(double peak, long steps) {
    requireNotNegative("peak learning rate", peak);
    requirePhase("warmup steps", steps);
    if (steps == 0) {
      return constant(peak);
    }
    return step -> peak * ((double) Math.min(step, steps) / steps);
  }

  /**
   * {@return {@code end + (start - end) * (1 - min(step - 1, steps) / steps)^power}, which is
   * {@code start} at step 1 and {@code end} after {@code steps} further steps; without decay steps,
   * always {@code end}}
   *
   * @param start the learning rate of step 1, finite and at least 0
   * @param end the final learning rate, finite and at least 0
   * @param steps the number of decay steps, at least 0
   * @param power the exponent, finite and above 0; 1 is linear decay
   */
  static Schedule polynomial(double start, double end, long steps, double power) {
    requireNotNegative("start learning rate", start);
    requireNotNegative("end learning rate", end);
    requirePhase("decay steps", steps);
    requirePower(power);
    return step -> end + (start - end) * StrictMath.pow(1 - progress(step, steps), power);
  }

  /**
   * {@return {@code end + (start - end) * (1 + cos(pi * min(step - 1, steps) / steps)) / 2}, which
   * is {@code start} at step 1 and {@code end} after {@code steps} further steps; without decay
   * steps, always {@code end}}
   *
   * @param start the learning rate of step 1, finite and at least 0
   * @param end the final learning rate, finite and at least 0
   * @param steps the number of decay steps, at least 0
   */
  static Schedule cosine(double start, double end, long steps) {
    requireNotNegative("start learning rate", start);
    requireNotNegative("end learning rate", end);
    requirePhase("decay steps", steps);
    return step ->
        end + (start - end) * ((1 + StrictMath.cos(Math.PI * progress(step, steps))) / 2);
  }

  /**
   * {@return a piecewise constant learning rate} For example, a tenth of the rate after 30,000
   * steps and again after 60,000:
   *
   * <pre>{@code
   * Schedule.piecewise(0.1, Schedule.after(30_000, 0.01), Schedule.after(60_000, 0.001))
   * }</pre>
   *
   * @param first the learning rate before the first change, finite and at least 0
   * @param changes the changes, with step counts that do not decrease; of two with the same count,
   *     the later one takes effect
   */
  static Schedule piecewise(double first, Change... changes) {
    requireNotNegative("first learning rate", first);
    if (changes == null) {
      throw new IllegalArgumentException("changes: null; omit them, or pass Schedule.after(...)");
    }
    long[] ends = new long[changes.length];
    double[] rates = new double[changes.length + 1];
    rates[0] = first;
    for (int i = 0; i < changes.length; i++) {
      if (changes[i] == null) {
        throw new IllegalArgumentException(
            "change " + (i + 1) + ": null; pass Schedule.after(...)");
      }
      if (i > 0 && changes[i].steps() < ends[i - 1]) {
        throw new IllegalArgumentException(
            "change %d after %d steps: must be after at least %d steps, those of the previous change"
                .formatted(i + 1, changes[i].steps(), ends[i - 1]));
      }
      ends[i] = changes[i].steps();
      rates[i + 1] = changes[i].learningRate();
    }
    return step -> {
      int past = 0;
      while (past < ends.length && ends[past] < step) {
        past++;
      }
      return rates[past];
    };
  }

  /**
   * {@return a change of the learning rate, for {@link #piecewise}} The first step with the new
   * rate is {@code steps + 1}.
   *
   * @param steps the number of steps before the change, at least 0
   * @param learningRate the learning rate after the change, finite and at least 0
   */
  static Change after(long steps, double learningRate) {
    return new Change(steps, learningRate);
  }

  /**
   * A change of the learning rate in a {@link #piecewise} schedule, created by {@link #after}.
   *
   * @param steps the number of steps before the change
   * @param learningRate the learning rate after the change
   */
  record Change(long steps, double learningRate) {

    /**
     * Validates the values.
     *
     * @param steps the number of steps before the change
     * @param learningRate the learning rate after the change
     * @throws IllegalArgumentException naming the value that is out of range
     */
    public Change {
      requirePhase("steps before the change", steps);
      requireNotNegative("learning rate after the change", learningRate);
    }
  }

  /**
   * {@return this schedule for {@code steps} steps, followed by {@code next}, whose own steps count
   * from 1}
   *
   * @param steps the number of steps before the next schedule, at least 0
   * @param next the schedule of the later steps
   */
  default Schedule then(long steps, Schedule next) {
    requirePhase("steps before the next schedule", steps);
    if (next == null) {
      throw new IllegalArgumentException("next schedule: null");
    }
    return step -> step <= steps ? at(step) : next.at(step - steps);
  }

  private static double progress(long step, long steps) {
    return steps == 0 ? 1 : (double) Math.min(step - 1, steps) / steps;
  }
}
