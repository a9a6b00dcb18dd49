package io.github.lamb4j.internal.engine;

import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.model.ParameterGroup;
import java.util.Arrays;
import java.util.List;

/**
 * The host's step count and learning rate of each group. Because the host does not wait for the
 * device, it also counts steps that the device skips; each report corrects the counts.
 */
final class StepClock {

  private final List<ParameterGroup> groups;

  /** By group: the optimizer's step at which it was added. */
  private final long[] began;

  /** By group: its own step count, unless steps since the last report were skipped. */
  private final long[] ahead;

  /** By group: the learning rate that the program has set; NaN if its schedule decides. */
  private final double[] set;

  /** By group: the step count with which this clock started. */
  private final long[] started;

  /** By group: the learning rate of its last step as of the last report; NaN if unknown. */
  private final double[] last;

  /** By group: the learning rate of the next step. */
  private final double[] rates;

  /** By group: the number of the next step, or {@link Rates#NEXT_STEP} if its rate is set. */
  private final long[] steps;

  private boolean replaysPrepared;

  /**
   * Starts all groups at the same step of the optimizer.
   *
   * @param began by group, the optimizer's step at which it was added
   * @param step the optimizer's step count
   */
  StepClock(List<ParameterGroup> groups, long[] began, long step) {
    this.groups = groups;
    this.began = began;
    ahead = new long[began.length];
    for (int g = 0; g < ahead.length; g++) {
      ahead[g] = step - began[g];
    }
    started = ahead.clone();
    set = new double[began.length];
    last = new double[began.length];
    Arrays.fill(set, Double.NaN);
    Arrays.fill(last, Double.NaN);
    rates = new double[began.length];
    steps = new long[began.length];
  }

  /** Takes over the learning rates that the program has set, by group name. */
  void keepSetRates(StepClock older) {
    inherit(older.groups, older.set, set);
  }

  /** Takes over the learning rates of the last steps, by group name. */
  void keepLastRates(StepClock older) {
    inherit(older.groups, older.last, last);
  }

  private void inherit(List<ParameterGroup> from, double[] values, double[] to) {
    for (int g = 0; g < to.length; g++) {
      for (int h = 0; h < values.length; h++) {
        to[g] = groups.get(g).name().equals(from.get(h).name()) ? values[h] : to[g];
      }
    }
  }

  /** Sets the learning rate of a group's next steps. */
  void setRate(int group, double rate) {
    set[group] = rate;
  }

  /** Sets the learning rates of the groups' last steps; NaN for a group without steps. */
  void setLastRates(double[] values) {
    System.arraycopy(values, 0, last, 0, last.length);
  }

  /** Returns the learning rate of a group's next step, as far as the host knows its number. */
  double nextRate(int group) {
    return rate(group, ahead[group] + 1);
  }

  /** Returns the learning rate of a group's last step, as of the last report. */
  double lastRate(int group) {
    return Double.isNaN(last[group]) ? rateOf(group, ahead[group]) : last[group];
  }

  /** Returns the learning rates of the groups' last steps; 0 for a group without steps. */
  double[] lastRates() {
    double[] rates = new double[ahead.length];
    for (int g = 0; g < rates.length; g++) {
      rates[g] = ahead[g] == 0 ? 0 : lastRate(g);
    }
    return rates;
  }

  /** Returns the learning rate that this optimizer would use for a step of a group. */
  double rateOf(int group, long step) {
    return Double.isNaN(set[group])
        ? groups.get(group).hyperparameters().learningRate().at(step)
        : set[group];
  }

  /** Returns the optimizer's step at which a group was added. */
  long began(int group) {
    return began[group];
  }

  /** Returns each group's own step count. */
  long[] stepCounts() {
    return ahead.clone();
  }

  /** Returns the optimizer's next step, unless steps since the last report were skipped. */
  long next() {
    return began[0] + ahead[0] + 1;
  }

  /** Looks up the learning rates of the next step. */
  void beginStep() {
    for (int g = 0; g < ahead.length; g++) {
      rates[g] = nextRate(g);
      steps[g] = Double.isNaN(set[g]) ? ahead[g] + 1 : Rates.NEXT_STEP;
    }
  }

  /**
   * Rejects a capture without prepared learning rates, because replays take them from the device.
   *
   * @throws IllegalStateException if {@link #prepareReplays} was not called
   */
  void requirePreparedReplays() {
    if (!replaysPrepared) {
      throw new IllegalStateException(
          "step: no learning rates prepared for graph capture; call prepareReplays(n) before the capture");
    }
  }

  /** Counts the step that {@link #beginStep} began. */
  void stepDone() {
    for (int g = 0; g < ahead.length; g++) {
      ahead[g]++;
    }
  }

  double[] rates() {
    return rates;
  }

  long[] steps() {
    return steps;
  }

  /** Passes the learning rates of the next steps to the backend. */
  void prepareReplays(Backend backend, int steps) {
    double[][] prepared = new double[ahead.length][steps];
    for (int g = 0; g < prepared.length; g++) {
      for (int i = 0; i < steps; i++) {
        prepared[g][i] = rate(g, ahead[g] + 1 + i);
      }
    }
    for (int g = 0; g < prepared.length; g++) {
      backend.prepareRates(g, ahead[g] + 1, prepared[g]);
    }
    replaysPrepared = true;
  }

  /**
   * Passes the learning rates of {@link #beginStep} to the backend, for replays before the program
   * prepares them again: those after the first use the same ones.
   */
  void prepareNext(Backend backend) {
    for (int g = 0; g < rates.length; g++) {
      backend.prepareRates(g, ahead[g] + 1, new double[] {rates[g]});
    }
  }

  /** Corrects counts and last learning rates by a report. */
  void correct(ReportData report) {
    for (int g = 0; g < ahead.length; g++) {
      ahead[g] = report.groupSteps(g);
      last[g] = ahead[g] == started[g] ? last[g] : report.rate(g);
    }
  }

  private double rate(int group, long step) {
    double rate = rateOf(group, step);
    if (!(rate >= 0) || Double.isInfinite(rate)) {
      throw new IllegalStateException(
          "group %s: learning rate %s at step %d: must be finite and at least 0; correct the schedule"
              .formatted(groups.get(group).name(), rate, step));
    }
    return rate;
  }
}
