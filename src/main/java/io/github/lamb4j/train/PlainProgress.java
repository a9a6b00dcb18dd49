package io.github.lamb4j.train;

import java.io.PrintWriter;
import java.util.Locale;

/** One line per epoch, for a log. */
public final class PlainProgress implements Progress {

  private final PrintWriter out;
  private String run;

  /** Prints to {@code out} and flushes it. */
  public PlainProgress(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void begin(Contender contender, int batchSize, long steps) {
    run = contender.label() + ", batch " + batchSize;
  }

  @Override
  public void epoch(TrainingRun.Epoch epoch) {
    out.println(run + ", epoch " + describe(epoch));
    out.flush();
  }

  static String describe(TrainingRun.Epoch epoch) {
    return String.format(
        Locale.ROOT,
        "%d: train loss %.4f, held-out accuracy %.4f",
        epoch.number(),
        epoch.trainLoss(),
        epoch.heldOut().accuracy());
  }
}
