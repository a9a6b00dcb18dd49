package io.github.lamb4j.tools.cli;

import io.github.lamb4j.schedule.Schedule;
import java.util.List;

/**
 * The values of {@code --lr}: one learning rate for all gradients, or one per file. A rate belongs
 * to its file and not to a step number: a file that is skipped takes its rate along, so that one
 * call per file uses the rates of one call for all.
 */
final class LearningRates implements Schedule {

  private final List<Double> rates;
  private int file;

  /**
   * Checks the rates.
   *
   * @param files the number of gradient files
   * @throws BadInput if the counts do not fit, or a rate is out of range
   */
  LearningRates(List<Double> rates, int files) {
    if (rates.size() != 1 && rates.size() != files) {
      throw new BadInput(
          "--lr has %d values for %d --grads files: specify one for all, or one for each"
              .formatted(rates.size(), files));
    }
    for (double rate : rates) {
      if (!(rate >= 0) || Double.isInfinite(rate)) {
        throw new BadInput("--lr " + rate + ": must be a finite number, 0 or more");
      }
    }
    this.rates = rates;
  }

  /** Selects the file of the next step. */
  void beginFile(int number) {
    file = number;
  }

  /** The rate of the selected file. */
  double current() {
    return rates.get(rates.size() == 1 ? 0 : file);
  }

  @Override
  public double at(long step) {
    return current();
  }
}
