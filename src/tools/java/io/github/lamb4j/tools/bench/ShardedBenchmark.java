package io.github.lamb4j.tools.bench;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.tools.progress.Progress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;

/**
 * Times a LAMB step that is sharded over processes on the CPU. Rank 0 chooses the model, decides
 * when to end, and reads the clock, from the moment at which all ranks are ready.
 */
final class ShardedBenchmark {

  private static final double WARMUP_SECONDS = 3;
  private static final int WARMUP_STEPS = 3;
  private static final byte STEP = 1;

  /** The two buffers of an exchange, rounded up. */
  private static final long BUFFER_BYTES = 2 * (32L << 20);

  /**
   * The result.
   *
   * @param timing the times on rank 0; its cost has no bytes of memory
   * @param ranks the number of processes
   * @param sent the bytes that a rank sends in a step
   */
  record Result(Timing timing, int ranks, long sent) {}

  private final BenchSettings settings;
  private final CountingCollective ranks;

  ShardedBenchmark(BenchSettings settings, HostCollective ranks) {
    this.settings = settings;
    this.ranks = new CountingCollective(ranks);
  }

  /**
   * The memory of all ranks, as if they were on one host.
   *
   * @param single what rank 0 needs and has for the rows of a single process
   */
  static MemoryNeed need(ModelShapes model, MemoryNeed single, int ranks) {
    long elements = model.tensors().stream().mapToLong(t -> whole(t.count())).sum();
    long each = elements * 2 * Float.BYTES + elements * 3 * Float.BYTES / ranks + BUFFER_BYTES;
    long needed = Math.max(single.needed(), each) + (ranks - 1) * each;
    return new MemoryNeed(needed, single.available(), ranks + " Java heaps");
  }

  private static long whole(long count) {
    return Tiling.tiles(count) * Tiling.TILE_ELEMENTS;
  }

  /** Takes part on another rank than 0. */
  void follow(List<ModelShapes> models) {
    String name = new String(ranks.exchange(new byte[0])[0], StandardCharsets.UTF_8);
    ModelShapes model =
        models.stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow();
    try (Lamb lamb = optimizer(model)) {
      while (agree((byte) 0)) {
        lamb.step();
      }
    }
  }

  /** Leads on rank 0. */
  Result lead(ModelShapes model, OptionalInt repetitions, Progress progress) {
    ranks.exchange(model.name().getBytes(StandardCharsets.UTF_8));
    try (Lamb lamb = optimizer(model)) {
      double seconds = 0;
      double last = 0;
      for (int step = 0; step < WARMUP_STEPS || seconds < WARMUP_SECONDS; step++) {
        last = time(lamb) / 1e3;
        seconds += last;
      }
      long before = ranks.sent();
      time(lamb);
      long sent = ranks.sent() - before - (ranks.size() - 1);
      double[] millis = new double[repetitions.orElse(Benchmark.affordable(last))];
      String name = "%s, %d ranks".formatted(Contender.LAMB, ranks.size());
      progress.begin(name, millis.length);
      try {
        for (int i = 0; i < millis.length; i++) {
          millis[i] = time(lamb);
          progress.step("");
        }
      } finally {
        progress.end();
      }
      agree((byte) 0);
      Contender.Cost cost = new Contender.Cost(model.parameters(), 0, 0);
      return new Result(new Timing(name, cost, millis), ranks.size(), sent);
    }
  }

  private double time(Lamb lamb) {
    agree(STEP);
    long start = System.nanoTime();
    lamb.step();
    return (System.nanoTime() - start) / 1e6;
  }

  /** Waits for all ranks. Whether rank 0 takes another step. */
  private boolean agree(byte next) {
    ByteBuffer all = ByteBuffer.allocateDirect(ranks.size());
    ranks.allGather(ByteBuffer.allocateDirect(1).put(0, next), all);
    return all.get(0) == STEP;
  }

  private Lamb optimizer(ModelShapes model) {
    List<Parameter> parameters = CpuRig.parameters(model);
    return CpuRig.builder(settings, model.groups(Hyperparameters.lamb(settings.rate()), parameters))
        .collective(ranks)
        .build();
  }
}
