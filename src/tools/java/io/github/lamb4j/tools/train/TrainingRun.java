package io.github.lamb4j.tools.train;

import java.util.List;

/**
 * The result of one optimizer at one batch size. Only {@code seconds} differs between runs.
 *
 * @param contender the optimizer
 * @param batchSize examples per step; the last step of an epoch takes the rest
 * @param learningRate the peak of the schedule
 * @param steps the steps of all epochs
 * @param epochs the result of each epoch
 * @param layers the state of each layer at the last step
 * @param weightsSha256 the digest of the final weights: every layer's floats, little-endian
 * @param seconds the wall time, including held-out scoring
 */
public record TrainingRun(
    Contender contender,
    int batchSize,
    double learningRate,
    long steps,
    List<Epoch> epochs,
    List<LayerState> layers,
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

  /** A layer's norms and trust ratio at the last step. */
  public record LayerState(String name, double weightNorm, double updateNorm, double trustRatio) {}

  /** The last epoch. */
  public Epoch last() {
    return epochs.get(epochs.size() - 1);
  }
}
