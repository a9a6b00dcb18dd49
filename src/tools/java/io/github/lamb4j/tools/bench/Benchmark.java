package io.github.lamb4j.tools.bench;

import io.github.lamb4j.tools.progress.Progress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Times all contenders of a rig, interleaved: every round has one step of each, so that a drift of
 * clocks or of the machine's other work hits all alike. Each round begins with another contender,
 * so that none has always the same one before it.
 */
public final class Benchmark {

  /** Rounds on a GPU, and the most that are taken elsewhere without being asked for. */
  static final int USUAL_ROUNDS = 30;

  private static final int LEAST_ROUNDS = 5;
  private static final double MOST_SECONDS = 45;

  private Benchmark() {}

  /**
   * What was measured.
   *
   * @param timings by contender
   * @param skipped who was not timed, and why
   * @param warmup rounds before the first that counted
   */
  record Result(List<Timing> timings, Map<String, String> skipped, int warmup) {}

  /**
   * Warms up, counts, and times.
   *
   * @param repetitions of each contender; by default 30, or as many as take less than a minute
   */
  static Result run(Rig rig, String task, OptionalInt repetitions, Progress progress) {
    List<Contender> contenders = rig.contenders();
    double seconds = 0;
    for (int i = 0; i < rig.warmup(); i++) {
      long start = System.nanoTime();
      rig.time(contenders);
      seconds = (System.nanoTime() - start) / 1e9;
    }
    List<Contender.Cost> costs = contenders.stream().map(Contender::countedStep).toList();
    int rounds = repetitions.orElse(affordable(seconds));
    double[][] millis = rounds(rig, contenders, task, rounds, progress);
    List<Timing> timings = new ArrayList<>();
    for (int c = 0; c < contenders.size(); c++) {
      timings.add(new Timing(contenders.get(c).name(), costs.get(c), millis[c]));
    }
    return new Result(timings, rig.skipped(), rig.warmup());
  }

  /** Rounds that take less than a minute, if each takes so long; but not too few. */
  static int affordable(double secondsEach) {
    return (int) Math.max(LEAST_ROUNDS, Math.min(USUAL_ROUNDS, MOST_SECONDS / secondsEach));
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
