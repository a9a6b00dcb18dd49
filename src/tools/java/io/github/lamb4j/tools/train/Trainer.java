package io.github.lamb4j.tools.train;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.schedule.Schedule;
import io.github.lamb4j.tools.progress.Progress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** Trains the classifier with each optimizer from the same initial weights on the same batches. */
public final class Trainer {

  /** The number of buckets that tokens are hashed into. */
  public static final int BUCKETS = 1 << 15;

  /** The width of an embedding. */
  public static final int WIDTH = 32;

  /** The width of the hidden layer. */
  public static final int HIDDEN = 128;

  /** The fraction of steps that warm up the learning rate. */
  public static final double WARMUP = 0.1;

  /** The sizes of the classifier. */
  public static final ModelShape SHAPE =
      new ModelShape(BUCKETS, WIDTH, HIDDEN, Glosses.CLASSES.size());

  private final Examples.Split data;
  private final int epochs;
  private final long seed;
  private final TrainingBackend backend;
  private final DataParallel parallel;
  private final Progress progress;

  /**
   * @param seed determines the initial weights and the order of the examples
   * @param parallel the ranks, all of which train with the same arguments
   */
  public Trainer(
      Examples.Split data,
      int epochs,
      long seed,
      TrainingBackend backend,
      DataParallel parallel,
      Progress progress) {
    this.data = data;
    this.epochs = epochs;
    this.seed = seed;
    this.backend = backend;
    this.parallel = parallel;
    this.progress = progress;
  }

  /**
   * Trains from scratch. A run whose loss becomes infinite or NaN ends there, as diverged; on a
   * device, where the loss is read once per epoch, at the end of the epoch.
   */
  public TrainingRun run(Contender contender, int batchSize, double learningRate) {
    long started = System.nanoTime();
    long stepsPerEpoch = (data.train().size() + batchSize - 1L) / batchSize;
    long steps = stepsPerEpoch * epochs;
    Schedule schedule = schedule(learningRate, steps);
    progress.begin(contender.label() + ", batch " + batchSize, steps);
    try (Classifier model = backend.classifier(SHAPE, parallel.largest(batchSize), seed, data);
        Lamb optimizer =
            parallel
                .join(model.optimizer(contender.weights(schedule), contender.biases(schedule)))
                .build()) {
      List<TrainingRun.Epoch> results = new ArrayList<>();
      boolean diverged = !train(model, optimizer, batchSize, results);
      return new TrainingRun(
          contender,
          batchSize,
          learningRate,
          diverged,
          optimizer.stepCount(),
          results,
          optimizer.stepCount() == 0 ? List.of() : optimizer.layerStats(),
          digest(model),
          (System.nanoTime() - started) / 1e9);
    } finally {
      progress.end();
    }
  }

  /** Runs all epochs, or fewer if the run diverges: the result is false then. */
  private boolean train(
      Classifier model, Lamb optimizer, int batchSize, List<TrainingRun.Epoch> results) {
    TrainingLoop loop =
        new TrainingLoop(
            model, Stepper.of(optimizer), data.train().size(), batchSize, seed, parallel, progress);
    for (int epoch = 1; epoch <= epochs; epoch++) {
      double loss = loop.nextEpoch();
      if (!Double.isFinite(loss)) {
        progress.note("epoch " + epoch + ": diverged");
        return false;
      }
      Scores heldOut =
          Scores.of(model.predictHeldOut(), data.heldOut().labels(), Glosses.CLASSES.size());
      results.add(new TrainingRun.Epoch(epoch, loss, heldOut));
      progress.note(describe(results.get(epoch - 1)));
    }
    return true;
  }

  private static String describe(TrainingRun.Epoch epoch) {
    return String.format(
        Locale.ROOT,
        "epoch %d: train loss %.4f, held-out accuracy %.4f",
        epoch.number(),
        epoch.trainLoss(),
        epoch.heldOut().accuracy());
  }

  /** Warms up to the peak, and then falls to zero in a line. */
  public static Schedule schedule(double peak, long steps) {
    long warmup = Math.max(1, Math.round(WARMUP * steps));
    return Schedule.linearWarmup(peak, warmup)
        .then(warmup, Schedule.polynomial(peak, 0, Math.max(1, steps - warmup), 1));
  }

  private static String digest(Classifier model) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Layer layer : Layer.values()) {
        float[] values = model.values(layer);
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        digest.update(bytes);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is not available", e);
    }
  }
}
