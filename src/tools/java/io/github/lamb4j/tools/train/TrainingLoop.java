package io.github.lamb4j.tools.train;

import io.github.lamb4j.tools.progress.Progress;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Random;

/** Passes over the training examples, each in a random order that the seed determines. */
public final class TrainingLoop {

  private final Classifier model;
  private final Stepper optimizer;
  private final int batchSize;
  private final DataParallel parallel;
  private final Progress progress;
  private final Random random;
  private final int[] order;
  private int epoch;

  /**
   * @param examples the number of training examples
   * @param seed determines the order of the examples
   * @param progress is told each step
   */
  public TrainingLoop(
      Classifier model,
      Stepper optimizer,
      int examples,
      int batchSize,
      long seed,
      DataParallel parallel,
      Progress progress) {
    this.model = model;
    this.optimizer = optimizer;
    this.batchSize = batchSize;
    this.parallel = parallel;
    this.progress = progress;
    random = new Random(seed);
    order = identity(examples);
  }

  /**
   * Trains for an epoch. Returns its mean loss; as soon as a loss is known not to be finite, that
   * one.
   */
  public double nextEpoch() {
    epoch++;
    shuffle(order, random);
    model.startEpoch(order);
    double sum = 0;
    boolean known = true;
    for (int from = 0; from < order.length; from += batchSize) {
      int to = Math.min(order.length, from + batchSize);
      OptionalDouble loss = differentiate(from, to);
      if (loss.isPresent() && !Double.isFinite(loss.getAsDouble())) {
        return loss.getAsDouble();
      }
      sum += loss.orElse(0);
      known &= loss.isPresent();
      optimizer.step();
      progress.step(status(loss, to - from));
    }
    return (known ? sum : model.epochLoss()) / order.length;
  }

  /** Gives the optimizer the gradients of this rank's micro-batches of a batch. */
  private OptionalDouble differentiate(int from, int to) {
    double[] losses = new double[parallel.perRank()];
    for (int i = 0; i < losses.length; i++) {
      OptionalDouble loss =
          model.differentiate(
              parallel.start(from, to, i), parallel.start(from, to, i + 1), to - from);
      if (loss.isEmpty()) {
        return loss; // a device, which takes the batch whole
      }
      losses[i] = loss.getAsDouble();
      if (losses.length > 1) {
        optimizer.addMicroBatch();
      }
    }
    return OptionalDouble.of(parallel.sum(losses));
  }

  private String status(OptionalDouble loss, int count) {
    return loss.isPresent()
        ? String.format(Locale.ROOT, "loss %.3f", loss.getAsDouble() / count)
        : "epoch " + epoch;
  }

  private static int[] identity(int size) {
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = i;
    }
    return order;
  }

  private static void shuffle(int[] order, Random random) {
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
  }
}
