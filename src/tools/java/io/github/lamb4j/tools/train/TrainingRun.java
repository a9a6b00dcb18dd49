package io.github.lamb4j.tools.train;

import io.github.lamb4j.report.LayerStats;
import java.util.List;

/**
 * The result of one optimizer at one batch size. Only {@code seconds} differs between runs.
 *
 * @param contender the optimizer
 * @param batchSize examples per step; the last step of an epoch takes the rest
 * @param learningRate the peak of the schedule
 * @param diverged whether the loss became infinite or NaN, which ended the run
 * @param steps the steps taken in all epochs
 * @param epochs the results of each complete epoch
 * @param layers the statistics of the last step
 * @param weightsSha256 the digest of the final weights: every layer's floats, little-endian
 * @param seconds the wall time, including held-out scoring
 */
public record TrainingRun(
    Contender contender,
    int batchSize,
    double learningRate,
    boolean diverged,
    long steps,
    List<Epoch> epochs,
    List<LayerStats> layers,
    String weightsSha256,
    double seconds) {

  /**
   * One pass over the training examples.
   *
   * @param number from 1
   * @param trainLoss the mean loss of its examples, each before the step that used it
   * @param heldOut scores on the held-out examples after the epoch
   */
  public record Epoch(int number, double trainLoss, Scores heldOut) {}

  /** The last epoch; only a run that diverged may be without one. */
  public Epoch last() {
    return epochs.get(epochs.size() - 1);
  }
}
