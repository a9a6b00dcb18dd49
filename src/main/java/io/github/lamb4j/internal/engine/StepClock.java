package io.github.lamb4j.internal.engine;

import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.model.ParameterGroup;
import java.util.List;

/**
 * Which step each group has come to, as far as the host knows, and its learning rate there. The
 * host does not wait, so that it counts a skipped step too, until a report puts it right.
 */
final class StepClock {

  private final List<ParameterGroup> groups;

  /** By group: the optimizer's step at which it was added. */
  private final long[] began;

  /** By group: its own step count if no step since the last report was skipped. */
  private final long[] ahead;

  /** By group: what the next step is told. */
  private final double[] rates;

  private final long[] steps;
  private boolean replaysPrepared;

  /**
   * Begins.
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

  /** The optimizer's step at which a group was added. */
  long began(int group) {
    return began[group];
  }

  /** Each group's own step count. */
  long[] stepCounts() {
    return ahead.clone();
  }

  /** The optimizer's step that is next, if none was skipped since the last report. */
  long next() {
    return began[0] + ahead[0] + 1;
  }

  /** Looks up the rates of the next step. */
  void beginStep() {
    for (int g = 0; g < ahead.length; g++) {
      steps[g] = ahead[g] + 1;
      rates[g] = rate(g, steps[g]);
    }
  }

  /**
   * Refuses to record a step whose replays would have no learning rates: a replay takes them from
   * the device.
   */
  void requirePreparedReplays() {
    if (!replaysPrepared) {
      throw new IllegalStateException(
          "the stream is being captured, and the device knows no learning rates to come:"
              + " call prepareReplays(...) before the capture begins");
    }
  }

  /** The step that has begun is taken, or enqueued. */
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

  /** Gives the device the rates of the next steps. */
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

  /** Puts the counts right. */
  void read(ReportData report) {
    for (int g = 0; g < ahead.length; g++) {
      ahead[g] = report.groupSteps(g);
    }
  }

  private double rate(int group, long step) {
    ParameterGroup own = groups.get(group);
    double rate = own.hyperparameters().learningRate().at(step);
    if (!(rate >= 0) || Double.isInfinite(rate)) {
      throw new IllegalStateException(
          "group %s: its schedule gives learning rate %s at step %d; it must be a finite number, 0 or more"
              .formatted(own.name(), rate, step));
    }
    return rate;
  }
}
