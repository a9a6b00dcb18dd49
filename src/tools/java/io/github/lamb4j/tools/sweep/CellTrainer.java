package io.github.lamb4j.tools.sweep;

import io.github.lamb4j.schedule.Schedule;
import io.github.lamb4j.tools.progress.Progress;
import io.github.lamb4j.tools.train.Classifier;
import io.github.lamb4j.tools.train.DataParallel;
import io.github.lamb4j.tools.train.Examples;
import io.github.lamb4j.tools.train.Gloss;
import io.github.lamb4j.tools.train.Glosses;
import io.github.lamb4j.tools.train.Scores;
import io.github.lamb4j.tools.train.Tokenizer;
import io.github.lamb4j.tools.train.Trainer;
import io.github.lamb4j.tools.train.TrainingBackend;
import io.github.lamb4j.tools.train.TrainingLoop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Trains single cells. Threads may share it. */
final class CellTrainer {

  private static final int CLASSES = Glosses.CLASSES.size();

  private final int epochs;
  private final Map<Long, Examples.Parts> data = new HashMap<>();

  /** Prepares the examples of every seed. */
  CellTrainer(SweepPlan plan, List<Gloss> glosses) {
    epochs = plan.epochs();
    Tokenizer tokenizer = new Tokenizer(Trainer.BUCKETS);
    for (long seed : plan.seeds()) {
      data.put(seed, Examples.parts(glosses, tokenizer, seed, plan.glosses()));
    }
  }

  /** The training examples of a seed. */
  int trainingExamples(long seed) {
    return data.get(seed).train().size();
  }

  SweepCell train(SweepKey key, TrainingBackend backend) {
    Examples.Parts parts = data.get(key.seed());
    int examples = parts.train().size();
    long steps = epochs * ((examples + key.batchSize() - 1L) / key.batchSize());
    Schedule schedule = Trainer.schedule(key.learningRate(), steps);
    // The classifier predicts both parts in one go, as its held-out examples.
    Examples.Split split = new Examples.Split(parts.train(), scored(parts));
    try (Classifier model = backend.classifier(Trainer.SHAPE, key.batchSize(), key.seed(), split);
        CellOptimizer optimizer = key.optimizer().of(model, schedule, steps)) {
      Counter counter = new Counter();
      TrainingLoop loop =
          new TrainingLoop(
              model,
              optimizer,
              examples,
              key.batchSize(),
              key.seed(),
              DataParallel.single(),
              counter);
      List<Double> losses = new ArrayList<>();
      while (losses.size() < epochs) {
        double loss = loop.nextEpoch();
        if (!Double.isFinite(loss)) {
          break;
        }
        losses.add(loss);
      }
      boolean diverged = losses.size() < epochs;
      int[] predicted = diverged ? new int[0] : model.predictHeldOut();
      Scores validation = diverged ? new Scores(0, 0) : score(predicted, 0, parts.validation());
      Scores heldOut =
          diverged
              ? new Scores(0, 0)
              : score(predicted, parts.validation().size(), parts.heldOut());
      return new SweepCell(
          key.optimizer().key(),
          key.batchSize(),
          key.learningRate(),
          key.seed(),
          diverged,
          counter.steps - optimizer.skippedSteps(),
          optimizer.skippedSteps(),
          validation.accuracy(),
          heldOut.accuracy(),
          heldOut.macroF1(),
          losses,
          optimizer.trustRatios());
    }
  }

  private static Examples scored(Examples.Parts parts) {
    int[][] tokens =
        Stream.of(parts.validation(), parts.heldOut())
            .flatMap(part -> Arrays.stream(part.tokens()))
            .toArray(int[][]::new);
    int[] labels =
        Stream.of(parts.validation(), parts.heldOut())
            .flatMapToInt(part -> IntStream.of(part.labels()))
            .toArray();
    return new Examples(tokens, labels);
  }

  private static Scores score(int[] predicted, int from, Examples part) {
    return Scores.of(
        Arrays.copyOfRange(predicted, from, from + part.size()), part.labels(), CLASSES);
  }

  private static final class Counter implements Progress {
    private long steps;

    @Override
    public void step(String status) {
      steps++;
    }
  }
}
