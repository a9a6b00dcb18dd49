package io.github.lamb4j.tools.train;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.model.Parameter;
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
import java.util.Random;
import java.util.concurrent.ForkJoinPool;

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

  private final Examples.Split data;
  private final int epochs;
  private final long seed;
  private final ForkJoinPool workers;
  private final Progress progress;

  /**
   * @param seed determines the initial weights and the order of the examples
   */
  public Trainer(
      Examples.Split data, int epochs, long seed, ForkJoinPool workers, Progress progress) {
    this.data = data;
    this.epochs = epochs;
    this.seed = seed;
    this.workers = workers;
    this.progress = progress;
  }

  /** Trains from scratch. A run whose loss becomes infinite or NaN ends there, as diverged. */
  public TrainingRun run(Contender contender, int batchSize, double learningRate) {
    long started = System.nanoTime();
    long stepsPerEpoch = (data.train().size() + batchSize - 1L) / batchSize;
    long steps = stepsPerEpoch * epochs;
    GlossClassifier model =
        new GlossClassifier(
            new GlossClassifier.Shape(BUCKETS, WIDTH, HIDDEN, Glosses.CLASSES.size()),
            batchSize,
            seed,
            workers);
    progress.begin(contender.label() + ", batch " + batchSize, steps);
    try (Lamb optimizer = optimizer(contender, model, schedule(learningRate, steps))) {
      List<TrainingRun.Epoch> results = new ArrayList<>();
      int[] order = identity(data.train().size());
      Random random = new Random(seed);
      boolean diverged = false;
      for (int epoch = 1; epoch <= epochs && !diverged; epoch++) {
        shuffle(order, random);
        double loss = pass(model, optimizer, order, batchSize);
        diverged = !Double.isFinite(loss);
        if (diverged) {
          progress.note("epoch " + epoch + ": diverged");
          continue;
        }
        Scores heldOut =
            Scores.of(
                model.predict(data.heldOut()), data.heldOut().labels(), Glosses.CLASSES.size());
        results.add(new TrainingRun.Epoch(epoch, loss, heldOut));
        progress.note(describe(results.get(epoch - 1)));
      }
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

  /** The mean loss of an epoch; as soon as one is not finite, that one. */
  private double pass(GlossClassifier model, Lamb optimizer, int[] order, int batchSize) {
    double sum = 0;
    for (int from = 0; from < order.length; from += batchSize) {
      int to = Math.min(order.length, from + batchSize);
      double loss = model.differentiate(data.train(), order, from, to);
      if (!Double.isFinite(loss)) {
        return loss;
      }
      optimizer.step();
      progress.step(String.format(Locale.ROOT, "loss %.3f", loss / (to - from)));
      sum += loss;
    }
    return sum / order.length;
  }

  private static String describe(TrainingRun.Epoch epoch) {
    return String.format(
        Locale.ROOT,
        "epoch %d: train loss %.4f, held-out accuracy %.4f",
        epoch.number(),
        epoch.trainLoss(),
        epoch.heldOut().accuracy());
  }

  private Lamb optimizer(Contender contender, GlossClassifier model, Schedule schedule) {
    return Lamb.onCpu()
        .threads(workers.getParallelism())
        .group(
            "weights",
            contender.weights(schedule),
            parameter(model.embedding),
            parameter(model.hiddenWeight),
            parameter(model.outputWeight))
        .group(
            "biases",
            contender.biases(schedule),
            parameter(model.hiddenBias),
            parameter(model.outputBias))
        .build();
  }

  private static Parameter parameter(GlossClassifier.Layer layer) {
    return Parameter.onHost(layer.name(), layer.values(), layer.gradient());
  }

  static Schedule schedule(double peak, long steps) {
    long warmup = Math.max(1, Math.round(WARMUP * steps));
    return Schedule.linearWarmup(peak, warmup)
        .then(warmup, Schedule.polynomial(peak, 0, Math.max(1, steps - warmup), 1));
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

  private static String digest(GlossClassifier model) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (GlossClassifier.Layer layer : model.layers()) {
        ByteBuffer bytes =
            ByteBuffer.allocate(4 * layer.values().length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(layer.values());
        digest.update(bytes);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is not available", e);
    }
  }
}
