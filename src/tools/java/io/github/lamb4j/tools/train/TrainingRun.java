package io.github.lamb4j.tools.train;

import java.util.List;

/**
 * What one optimizer did at one batch size. All but {@code seconds} are the same at every run.
 *
 * @param contender the optimizer
 * @param batchSize examples per step; the last step of an epoch takes what is left
 * @param learningRate the peak of the schedule
 * @param steps the steps of all epochs
 * @param epochs what each epoch came to
 * @param layers the layers as the last step saw them
 * @param weightsSha256 the digest of the final weights: every layer's floats, little-endian
 * @param seconds the wall time, held-out scoring included
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
   * @param trainLoss the mean loss of its examples, each before the step it took part in
   * @param heldOut how the model then did on the held-out examples
   */
  public record Epoch(int number, double trainLoss, Scores heldOut) {}

  /** A layer's norms and trust ratio at the last step. */
  public record LayerState(String name, double weightNorm, double updateNorm, double trustRatio) {}

  /** The last epoch. */
  public Epoch last() {
    return epochs.get(epochs.size() - 1);
  }
}
