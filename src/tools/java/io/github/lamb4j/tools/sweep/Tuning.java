package io.github.lamb4j.tools.sweep;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What the grid says about an optimizer at a batch size. Rates are judged on the validation
 * examples; a run that diverged counts as accuracy 0.
 *
 * @param bestRate the rate with the best mean accuracy over the seeds; the lowest of equals
 * @param lowestRate the lowest rate of the range around the best whose mean accuracies are within
 *     one point of the best
 * @param highestRate the highest rate of that range
 * @param touchesEnd whether the range ends where the grid does, and may be wider
 * @param runs at the best rate
 */
public record Tuning(
    double bestRate,
    double lowestRate,
    double highestRate,
    boolean touchesEnd,
    List<SweepCell> runs) {

  /** The accuracy that a rate of the range may lose. */
  private static final double POINT = 0.01;

  /**
   * Reads it from a grid.
   *
   * @param grid all runs of the grid
   * @param rates of the grid, ascending
   */
  public static Tuning of(
      List<SweepCell> grid, List<Double> rates, String optimizer, int batchSize) {
    List<List<SweepCell>> byRate =
        rates.stream().map(rate -> runs(grid, optimizer, batchSize, rate)).toList();
    double[] accuracies =
        byRate.stream().mapToDouble(runs -> mean(runs, SweepCell::validationAccuracy)).toArray();
    int best = 0;
    for (int i = 1; i < accuracies.length; i++) {
      best = accuracies[i] > accuracies[best] ? i : best;
    }
    int lowest = best;
    while (lowest > 0 && accuracies[lowest - 1] >= accuracies[best] - POINT) {
      lowest--;
    }
    int highest = best;
    int last = accuracies.length - 1;
    while (highest < last && accuracies[highest + 1] >= accuracies[best] - POINT) {
      highest++;
    }
    return new Tuning(
        rates.get(best),
        rates.get(lowest),
        rates.get(highest),
        lowest == 0 || highest == last,
        byRate.get(best));
  }

  /** The ratio of the highest to the lowest rate of the range. */
  public double factor() {
    return highestRate / lowestRate;
  }

  /** The width of the range in powers of ten. */
  public double decades() {
    return Math.log10(factor());
  }

  /** The runs of an optimizer at a batch size and a rate. */
  static List<SweepCell> runs(
      List<SweepCell> cells, String optimizer, int batchSize, double learningRate) {
    return cells.stream()
        .filter(cell -> cell.optimizer().equals(optimizer))
        .filter(cell -> cell.batchSize() == batchSize && cell.learningRate() == learningRate)
        .toList();
  }

  static double mean(List<SweepCell> runs, ToDoubleFunction<SweepCell> score) {
    return runs.stream().mapToDouble(score).average().orElse(0);
  }
}
