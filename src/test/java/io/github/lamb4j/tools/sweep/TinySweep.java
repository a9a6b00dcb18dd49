package io.github.lamb4j.tools.sweep;

import io.github.lamb4j.tools.progress.Progress;
import io.github.lamb4j.tools.train.CpuTraining;
import io.github.lamb4j.tools.train.Gloss;
import io.github.lamb4j.tools.train.TrainingBackend;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** A sweep of seconds, over made-up glosses. */
public final class TinySweep {

  /** The last rate lets runs diverge. Batch 128 is between the batches whose rates double. */
  static final SweepPlan PLAN =
      new SweepPlan("tiny", 700, 1, List.of(64, 128), List.of(0.02, 0.2, 1e30), List.of(1L));

  static final List<Gloss> GLOSSES = glosses(800);

  private TinySweep() {}

  // Words tell the class, so that there is something to learn.
  private static List<Gloss> glosses(int count) {
    Random random = new Random(1);
    List<Gloss> glosses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int label = random.nextInt(5);
      glosses.add(new Gloss(label, "word%d common%d".formatted(label, random.nextInt(100))));
    }
    return glosses;
  }

  static SweepResult run(int threads, SweepState state) throws IOException, InterruptedException {
    return run(threads, state, () -> new CpuTraining(1), Progress.SILENT);
  }

  static SweepResult run(
      int threads, SweepState state, Supplier<TrainingBackend> backends, Progress progress)
      throws IOException, InterruptedException {
    return new Sweep(PLAN, GLOSSES, "cpu", backends, threads, state, progress).run();
  }

  static String json(SweepResult result) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    SweepJson.write(result, bytes);
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** A run that did not diverge, with its accuracy on validation and on held-out examples. */
  static SweepCell cell(
      String optimizer, int batchSize, double rate, long seed, double validation, double accuracy) {
    return new SweepCell(
        optimizer,
        batchSize,
        rate,
        seed,
        false,
        30,
        0,
        validation,
        accuracy,
        accuracy / 2,
        List.of(2.5, 1.25, 0.5),
        List.of());
  }

  /** A run that diverged. */
  static SweepCell diverged(String optimizer, int batchSize, double rate, long seed) {
    return new SweepCell(
        optimizer, batchSize, rate, seed, true, 3, 0, 0, 0, 0, List.of(), List.of());
  }

  /**
   * Writes the state of a small sweep of which every run is finished, with made-up results.
   *
   * @param file is created
   */
  public static void finishSmall(Path file) throws IOException {
    SweepPlan plan = SweepPlan.SMALL;
    double best = plan.rates().get(3);
    try (SweepState state = SweepState.open(file, plan, "cpu")) {
      List<SweepKey> keys = new ArrayList<>();
      plan.batchSizes().forEach(size -> keys.addAll(plan.grid(size)));
      for (SweepKey key : keys) {
        double accuracy = key.learningRate() == best ? 0.5 : 0.25;
        state.add(
            cell(
                key.optimizer().key(),
                key.batchSize(),
                key.learningRate(),
                key.seed(),
                accuracy,
                accuracy));
      }
    }
  }
}
