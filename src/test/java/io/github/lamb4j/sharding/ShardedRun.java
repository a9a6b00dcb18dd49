package io.github.lamb4j.sharding;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.StateModel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/** Ranks in threads of their own, each with its own model. */
public final class ShardedRun {

  /** What one rank does. */
  public interface Task<T> {
    T run(LocalCollective collective) throws Exception;
  }

  private ShardedRun() {}

  /** Runs a task on every rank, and returns the results in the order of ranks. */
  public static <T> List<T> onRanks(int size, Task<T> task) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(size);
    try {
      List<Callable<T>> calls = new ArrayList<>();
      for (LocalCollective collective : LocalCollective.of(size)) {
        calls.add(
            () -> {
              try (collective) {
                return task.run(collective);
              }
            });
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(calls)) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw (Exception) e.getCause();
    } finally {
      threads.shutdownNow();
    }
  }

  /**
   * Takes steps whose gradients are numbered in the order of ranks and micro-batches, with a step
   * that is skipped, parameters that are frozen for a while, and a group that is added.
   *
   * @param perRank the number of micro-batches on this rank
   */
  static void train(StateModel model, Lamb lamb, int rank, int perRank, int batches, int[] steps) {
    for (int step : steps) {
      if (step == 3) {
        lamb.freeze("w", "b");
      } else if (step == 5) {
        lamb.unfreeze("b");
      } else if (step == 6) {
        lamb.addGroup(model.groups().get(3));
      }
      for (int i = 0; i < perRank; i++) {
        model.fillGradients((long) step * batches + rank * perRank + i);
        if (step == 2 && rank == 0 && i == 0) {
          model.gradients("w").put(4096, Float.NaN);
        }
        if (perRank > 1) {
          lamb.addMicroBatch();
        }
      }
      lamb.step();
    }
  }

  /** Builds the model's optimizer with settings that need every exchange of a step. */
  static Lamb build(StateModel model, Supplier<LambBuilder> builders, int perRank) {
    return model.build(builders.get().microBatches(perRank).threads(2), 0);
  }
}
