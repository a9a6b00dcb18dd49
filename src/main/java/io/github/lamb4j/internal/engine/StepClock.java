package io.github.lamb4j.internal.engine;

import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.model.ParameterGroup;
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

  /** By group: the learning rate of the next step. */
  private final double[] rates;

  /** By group: the number of the next step. */
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
    rates = new double[began.length];
    steps = new long[began.length];
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
      steps[g] = ahead[g] + 1;
      rates[g] = rate(g, steps[g]);
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
      ahead[g] = steps[g];
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

  /** Corrects the counts by a report. */
  void correct(ReportData report) {
    for (int g = 0; g < ahead.length; g++) {
      ahead[g] = report.groupSteps(g);
    }
  }

  private double rate(int group, long step) {
    ParameterGroup own = groups.get(group);
    double rate = own.hyperparameters().learningRate().at(step);
    if (!(rate >= 0) || Double.isInfinite(rate)) {
      throw new IllegalStateException(
          "group %s: learning rate %s at step %d: must be finite and at least 0; correct the schedule"
              .formatted(own.name(), rate, step));
    }
    return rate;
  }
}
