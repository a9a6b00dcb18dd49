package io.github.lamb4j.tools.sweep;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The answers of a sweep as plain text. */
public final class SweepTables {

  private static final String TRANSFER_ROW = "%-9s  %6s  %8s  %-22s  %-22s%n";
  private static final String TOLERANCE_ROW = "%-9s  %6s  %8s  %-22s  %17s  %7s  %7s%n";

  private SweepTables() {}

  /** The scores of the rate that was tuned at the smallest batch size, at every batch size. */
  public static String transfer(SweepResult result) {
    StringBuilder table = new StringBuilder();
    line(
        table,
        "Rates tuned at batch %d, times the square root of the ratio of batch sizes; %d epochs%n%n",
        result.batchSizes().get(0),
        result.epochs());
    line(table, TRANSFER_ROW, "optimizer", "batch", "lr", "accuracy", "macro-F1");
    for (String optimizer : result.optimizers()) {
      for (int batchSize : result.batchSizes()) {
        List<SweepCell> runs = result.transfer(optimizer, batchSize);
        line(
            table,
            TRANSFER_ROW,
            label(optimizer),
            batchSize,
            rate(runs.get(0).learningRate()),
            scores(runs, SweepCell::accuracy),
            scores(runs, SweepCell::macroF1));
      }
    }
    return trimmed(table);
  }

  /** The best rate of the grid at every batch size, and how far others may be from it. */
  public static String tolerance(SweepResult result) {
    StringBuilder table = new StringBuilder();
    line(table, "Rates within one point of the best accuracy; %d rates%n%n", result.rates().size());
    line(
        table,
        TOLERANCE_ROW,
        "optimizer",
        "batch",
        "best lr",
        "accuracy",
        "within one point",
        "factor",
        "decades");
    boolean open = false;
    for (String optimizer : result.optimizers()) {
      for (int batchSize : result.batchSizes()) {
        Tuning tuning = result.tuning(optimizer, batchSize);
        open |= tuning.touchesEnd();
        line(
            table,
            TOLERANCE_ROW,
            label(optimizer),
            batchSize,
            rate(tuning.bestRate()),
            scores(tuning.runs(), SweepCell::accuracy),
            rate(tuning.lowestRate()) + " - " + rate(tuning.highestRate()),
            String.format(Locale.ROOT, "%.0f", tuning.factor()) + (tuning.touchesEnd() ? "+" : ""),
            String.format(Locale.ROOT, "%.1f", tuning.decades()));
      }
    }
    if (open) {
      line(table, "%n+ up to the end of the grid%n");
    }
    return trimmed(table);
  }

  /** The name in tables of a {@link SweepCell#optimizer}. */
  static String label(String optimizer) {
    for (SweepOptimizer known : SweepOptimizer.values()) {
      if (known.key().equals(optimizer)) {
        return known.label();
      }
    }
    return optimizer;
  }

  /** The mean, and the lowest and highest in parentheses. */
  private static String scores(List<SweepCell> runs, ToDoubleFunction<SweepCell> score) {
    long diverged = runs.stream().filter(SweepCell::diverged).count();
    if (diverged > 0) {
      return diverged + " of " + runs.size() + " diverged";
    }
    return String.format(
        Locale.ROOT,
        "%.4f (%.4f-%.4f)",
        Tuning.mean(runs, score),
        runs.stream().mapToDouble(score).min().orElse(0),
        runs.stream().mapToDouble(score).max().orElse(0));
  }

  private static String rate(double rate) {
    return String.format(Locale.ROOT, "%.3g", rate);
  }

  private static void line(StringBuilder table, String format, Object... values) {
    table.append(String.format(Locale.ROOT, format, values));
  }

  private static String trimmed(StringBuilder table) {
    return table.toString().replaceAll(" +(\\R)", "$1");
  }
}
