package io.github.lamb4j.tools.bench;

import io.github.lamb4j.tools.progress.Progress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Times all contenders of a rig, interleaved: each round has one step of every contender, so that
 * clock changes and other load affect all alike. Each round starts with a different contender, so
 * that none always follows the same one.
 */
public final class Benchmark {

  /** The default number of rounds on a GPU, and the maximum of the default on a CPU. */
  static final int DEFAULT_ROUNDS = 30;

  private static final int MIN_ROUNDS = 5;
  private static final double MAX_SECONDS = 45;

  private Benchmark() {}

  /**
   * The measurements.
   *
   * @param timings one for each contender
   * @param skipped the contenders that were not timed, with the reason
   * @param warmup the number of warm-up rounds
   * @param check what {@link Rig#check} said
   */
  record Result(
      List<Timing> timings, Map<String, String> skipped, int warmup, Optional<String> check) {}

  /**
   * Checks the results, warms up, counts the cost of each contender's step, and times the steps.
   *
   * @param repetitions repetitions of each contender; empty for up to 30 that fit in 45 seconds
   */
  static Result run(Rig rig, String task, OptionalInt repetitions, Progress progress) {
    Optional<String> check = rig.check();
    List<Contender> contenders = rig.contenders();
    double seconds = 0;
    double warm = 0;
    int warmup = 0;
    while (warmup < rig.warmup() || warm < rig.warmupSeconds()) {
      long start = System.nanoTime();
      rig.time(contenders);
      seconds = (System.nanoTime() - start) / 1e9;
      warm += seconds;
      warmup++;
    }
    List<Contender.Cost> costs = contenders.stream().map(Contender::countedStep).toList();
    int rounds = repetitions.orElse(affordable(seconds));
    double[][] millis = rounds(rig, contenders, task, rounds, progress);
    List<Timing> timings = new ArrayList<>();
    for (int c = 0; c < contenders.size(); c++) {
      timings.add(new Timing(contenders.get(c).name(), costs.get(c), millis[c]));
    }
    return new Result(timings, rig.skipped(), warmup, check);
  }

  /** The number of rounds that fit in {@link #MAX_SECONDS}, within limits. */
  static int affordable(double secondsEach) {
    return (int) Math.max(MIN_ROUNDS, Math.min(DEFAULT_ROUNDS, MAX_SECONDS / secondsEach));
  }

  private static double[][] rounds(
      Rig rig, List<Contender> contenders, String task, int rounds, Progress progress) {
    double[][] millis = new double[contenders.size()][rounds];
    progress.begin(task, rounds);
    try {
      for (int round = 0; round < rounds; round++) {
        List<Contender> order = new ArrayList<>(contenders);
        Collections.rotate(order, -round);
        double[] times = rig.time(order);
        for (int i = 0; i < times.length; i++) {
          millis[contenders.indexOf(order.get(i))][round] = times[i];
        }
        progress.step("");
        if ((round + 1) * 4 / rounds > round * 4 / rounds) {
          progress.note("%d of %d rounds".formatted(round + 1, rounds));
        }
      }
    } finally {
      progress.end();
    }
    return millis;
  }
}
