package io.github.lamb4j.train;

import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.Schedule;

/** An optimizer in the comparison, and the learning rates it is given. */
public enum Contender {
  /** LAMB, weight decay 0.01. */
  LAMB("LAMB", 0.01, 0.03),
  /** The same code without layer adaptation: AdamW, weight decay 0.01. */
  ADAMW("AdamW", 0.003, 0.01);

  static final double WEIGHT_DECAY = 0.01;

  private static final int SMALL_BATCH = 256;
  private static final int LARGE_BATCH = 8192;

  private final String label;
  private final double smallBatchRate;
  private final double largeBatchRate;

  Contender(String label, double smallBatchRate, double largeBatchRate) {
    this.label = label;
    this.smallBatchRate = smallBatchRate;
    this.largeBatchRate = largeBatchRate;
  }

  /** The name in tables. */
  public String label() {
    return label;
  }

  /** The tuned peak rate at the two tuned batch sizes, and the power law through both elsewhere. */
  public double learningRate(int batchSize) {
    double position =
        StrictMath.log((double) batchSize / SMALL_BATCH)
            / StrictMath.log((double) LARGE_BATCH / SMALL_BATCH);
    return StrictMath.pow(smallBatchRate, 1 - position) * StrictMath.pow(largeBatchRate, position);
  }

  Hyperparameters weights(Schedule schedule) {
    return (this == LAMB ? Hyperparameters.lamb(schedule) : Hyperparameters.adamW(schedule))
        .withWeightDecay(WEIGHT_DECAY);
  }

  // A bias begins at zero, where a trust ratio says nothing, and is not decayed by either.
  Hyperparameters biases(Schedule schedule) {
    return weights(schedule).withWeightDecay(0).withLayerAdaptation(false);
  }
}
