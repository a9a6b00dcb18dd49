package io.github.lamb4j.tools.cli;

import io.github.lamb4j.schedule.Schedule;
import java.util.List;

/**
 * What {@code --lr} gives: one learning rate for all gradients, or one for each file of them. A
 * rate belongs to its file and not to a step number: if the file's step is skipped the rate goes
 * with it, and the next file has its own. So one call for each file has the rates of one call for
 * all.
 */
final class LearningRates implements Schedule {

  private final List<Double> rates;
  private int file;

  /**
   * Checks the rates.
   *
   * @param files how many files of gradients there are
   * @throws BadInput if the counts do not fit, or a rate is out of range
   */
  LearningRates(List<Double> rates, int files) {
    if (rates.size() != 1 && rates.size() != files) {
      throw new BadInput(
          "--lr has %d values for %d --grads files: give one for all, or one for each"
              .formatted(rates.size(), files));
    }
    for (double rate : rates) {
      if (!(rate >= 0) || Double.isInfinite(rate)) {
        throw new BadInput("--lr " + rate + ": must be a finite number, 0 or more");
      }
    }
    this.rates = rates;
  }

  /** The step to come is that of the file of this number. */
  void beginFile(int number) {
    file = number;
  }

  /** The current file's. */
  double current() {
    return rates.get(rates.size() == 1 ? 0 : file);
  }

  @Override
  public double at(long step) {
    return current();
  }
}
