package io.github.lamb4j.tools.sweep;

import io.github.lamb4j.tools.progress.Progress;
import io.github.lamb4j.tools.train.Gloss;
import io.github.lamb4j.tools.train.TrainingBackend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * Runs the cells of a sweep: the grid at the smallest batch size first, which tunes the rates that
 * are carried over, and then all others. Equal cells of grid and transfer run once.
 */
public final class Sweep {

  private final SweepPlan plan;
  private final CellTrainer trainer;
  private final String backendName;
  private final Supplier<TrainingBackend> backends;
  private final int threads;
  private final SweepState state;
  private final Progress progress;
  private final TimeLeft timeLeft;

  /**
   * @param backendName the backend's name
   * @param backends opens the backend of a cell, which is closed with it
   * @param threads how many cells run at once; with one, all run on the calling thread
   * @param state the finished cells, to which others are added
   * @throws IllegalArgumentException if a batch is larger than the training examples
   */
  public Sweep(
      SweepPlan plan,
      List<Gloss> glosses,
      String backendName,
      Supplier<TrainingBackend> backends,
      int threads,
      SweepState state,
      Progress progress) {
    this.plan = plan;
    this.backendName = backendName;
    this.backends = backends;
    this.threads = threads;
    this.state = state;
    this.progress = progress;
    trainer = new CellTrainer(plan, glosses);
    timeLeft = new TimeLeft(plan.expectedRuns() - state.finished().size());
    int largest = plan.batchSizes().get(plan.batchSizes().size() - 1);
    for (long seed : plan.seeds()) {
      if (largest > trainer.trainingExamples(seed)) {
        throw new IllegalArgumentException(
            "batch size %d: there are only %d training examples"
                .formatted(largest, trainer.trainingExamples(seed)));
      }
    }
  }

  /**
   * Runs all cells that are not finished.
   *
   * @throws IOException if the state cannot be written
   * @throws InterruptedException if the thread is interrupted; finished cells are in the state
   */
  public SweepResult run() throws IOException, InterruptedException {
    int tunedSize = plan.tunedBatchSize();
    runAll("tuning", plan.grid(tunedSize));
    List<SweepCell> tuned = collect(plan.grid(tunedSize));
    List<SweepKey> transfer = new ArrayList<>();
    for (SweepOptimizer optimizer : SweepOptimizer.values()) {
      Tuning tuning = Tuning.of(tuned, plan.rates(), optimizer.key(), tunedSize);
      transfer.addAll(plan.transfer(optimizer, tuning.bestRate()));
    }
    List<SweepKey> grid = plan.batchSizes().stream().flatMap(b -> plan.grid(b).stream()).toList();
    Set<SweepKey> all = new LinkedHashSet<>(grid);
    all.addAll(transfer);
    runAll("all batch sizes", all);
    return new SweepResult(
        plan.name(),
        backendName,
        plan.epochs(),
        plan.batchSizes(),
        Arrays.stream(SweepOptimizer.values()).map(SweepOptimizer::key).toList(),
        plan.rates(),
        plan.seeds(),
        collect(grid),
        collect(transfer));
  }

  private List<SweepCell> collect(List<SweepKey> keys) {
    List<SweepCell> cells = state.finished();
    return keys.stream()
        .map(key -> cells.stream().filter(key::matches).findFirst().orElseThrow())
        .toList();
  }

  private void runAll(String task, Collection<SweepKey> keys)
      throws IOException, InterruptedException {
    List<SweepCell> finished = state.finished();
    List<SweepKey> open =
        keys.stream().filter(key -> finished.stream().noneMatch(key::matches)).toList();
    if (open.isEmpty()) {
      return;
    }
    progress.begin(task, open.size());
    try {
      if (threads == 1) {
        for (SweepKey key : open) {
          finish(train(key));
        }
      } else {
        runAtOnce(open);
      }
    } finally {
      progress.end();
    }
  }

  private void runAtOnce(List<SweepKey> open) throws IOException, InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      CompletionService<SweepCell> results = new ExecutorCompletionService<>(pool);
      open.forEach(key -> results.submit(() -> train(key)));
      for (int i = 0; i < open.size(); i++) {
        finish(get(results.take()));
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private static SweepCell get(Future<SweepCell> result) throws InterruptedException {
    try {
      return result.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      // Not the error itself, which would end this thread alone: the process goes on for as long as
      // the other runs do.
      throw new CompletionException("a run of the sweep failed", e.getCause());
    }
  }

  private SweepCell train(SweepKey key) {
    try (TrainingBackend backend = backends.get()) {
      return trainer.train(key, backend);
    }
  }

  private void finish(SweepCell cell) throws IOException {
    state.add(cell);
    String left = timeLeft.afterAnother();
    progress.step(left);
    progress.note(
        String.format(
            Locale.ROOT,
            "%s, batch %d, rate %.3g, seed %d: %s; %s",
            cell.optimizer(),
            cell.batchSize(),
            cell.learningRate(),
            cell.seed(),
            cell.diverged()
                ? "diverged"
                : String.format(Locale.ROOT, "held-out accuracy %.4f", cell.accuracy()),
            left));
  }
}
