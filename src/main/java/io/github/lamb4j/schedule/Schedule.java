package io.github.lamb4j.schedule;

import static io.github.lamb4j.schedule.ScheduleChecks.requireCount;
import static io.github.lamb4j.schedule.ScheduleChecks.requireNotNegative;
import static io.github.lamb4j.schedule.ScheduleChecks.requirePower;

import io.github.lamb4j.Lamb;
import java.util.Arrays;

/**
 * A learning rate as a function of the step. The first step is step 1. {@link Recipe} has whole
 * published ones; {@link BatchScaling} carries a rate to another batch size.
 *
 * <p>Schedules compose: a linear warmup over 2000 steps followed by a square-root decay to zero is
 *
 * <pre>{@code
 * Schedule.linearWarmup(6e-3, 2000).then(2000, Schedule.polynomial(6e-3, 0, 5038, 0.5))
 * }</pre>
 *
 * <p>Implementations must give a finite number, 0 or more, and the same one whenever they are asked
 * for the same step: a resumed run asks again. They may be asked for steps that never come: ahead
 * of {@link Lamb#prepareReplays}, and by as many as were skipped since the host last heard of it.
 * Those made here give the same bits on every JVM.
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
    requireNotNegative("learning rate", learningRate);
    return step -> learningRate;
  }

  /**
   * {@code peak * min(step, steps) / steps}: reaches the peak at step {@code steps} and stays
   * there.
   */
  static Schedule linearWarmup(double peak, long steps) {
    requireNotNegative("peak learning rate", peak);
    requireCount("warmup steps", steps);
    return step -> peak * ((double) Math.min(step, steps) / steps);
  }

  /**
   * {@code end + (start - end) * (1 - min(step - 1, steps) / steps)^power}: {@code start} at step
   * 1, {@code end} after {@code steps} further steps. Power 1 is linear decay.
   */
  static Schedule polynomial(double start, double end, long steps, double power) {
    requireNotNegative("start learning rate", start);
    requireNotNegative("end learning rate", end);
    requireCount("decay steps", steps);
    requirePower(power);
    return step -> end + (start - end) * StrictMath.pow(1 - progress(step, steps), power);
  }

  /**
   * {@code end + (start - end) * (1 + cos(pi * min(step - 1, steps) / steps)) / 2}: {@code start}
   * at step 1, {@code end} after {@code steps} further steps.
   */
  static Schedule cosine(double start, double end, long steps) {
    requireNotNegative("start learning rate", start);
    requireNotNegative("end learning rate", end);
    requireCount("decay steps", steps);
    return step ->
        end + (start - end) * ((1 + StrictMath.cos(Math.PI * progress(step, steps))) / 2);
  }

  /**
   * One learning rate after the other, each constant: {@code first} until a change says otherwise.
   * A tenth of the rate after 30,000 steps and again after 60,000:
   *
   * <pre>{@code
   * Schedule.piecewise(0.1, Schedule.after(30_000, 0.01), Schedule.after(60_000, 0.001))
   * }</pre>
   *
   * @param changes in the order of their steps
   */
  static Schedule piecewise(double first, Change... changes) {
    requireNotNegative("first learning rate", first);
    if (changes == null) {
      throw new IllegalArgumentException("changes: null; give none, or each by Schedule.after");
    }
    long[] ends = new long[changes.length];
    double[] rates = new double[changes.length + 1];
    rates[0] = first;
    for (int i = 0; i < changes.length; i++) {
      if (changes[i] == null) {
        throw new IllegalArgumentException("change " + (i + 1) + ": null; give Schedule.after");
      }
      if (i > 0 && changes[i].steps() <= ends[i - 1]) {
        throw new IllegalArgumentException(
            "change %d after %d steps: must be after more than the %d of the change before it"
                .formatted(i + 1, changes[i].steps(), ends[i - 1]));
      }
      ends[i] = changes[i].steps();
      rates[i + 1] = changes[i].learningRate();
    }
    return step -> {
      int place = Arrays.binarySearch(ends, step);
      return rates[place >= 0 ? place : -place - 1];
    };
  }

  /** A change for {@link #piecewise}: the first step with the new rate is {@code steps + 1}. */
  static Change after(long steps, double learningRate) {
    return new Change(steps, learningRate);
  }

  /**
   * A new constant learning rate in {@link #piecewise}; {@link #after} makes it.
   *
   * @param steps the steps of the run before it
   * @param learningRate from then on
   */
  record Change(long steps, double learningRate) {

    /**
     * Checks both.
     *
     * @throws IllegalArgumentException naming the value that is out of its range
     */
    public Change {
      requireCount("steps before the change", steps);
      requireNotNegative("learning rate after the change", learningRate);
    }
  }

  /**
   * This schedule for {@code steps} steps, then {@code next}, which sees its own steps count from
   * 1.
   */
  default Schedule then(long steps, Schedule next) {
    requireCount("steps before the next schedule", steps);
    if (next == null) {
      throw new IllegalArgumentException("next schedule: null");
    }
    return step -> step <= steps ? at(step) : next.at(step - steps);
  }

  private static double progress(long step, long steps) {
    return (double) Math.min(step - 1, steps) / steps;
  }
}
