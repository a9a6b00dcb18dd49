package io.github.lamb4j.tools.sweep;

import java.util.List;

/**
 * A finished sweep.
 *
 * @param preset {@code small} or {@code full}
 * @param backend where it ran: {@code cpu} or {@code cuda}
 * @param epochs passes over the training examples, the same for every cell
 * @param batchSizes ascending
 * @param optimizers in the order of display
 * @param rates the grid of learning rates, ascending, the same for every optimizer
 * @param seeds of the runs of each cell of the grid
 * @param grid the runs at the grid's rates: the tolerance question
 * @param transfer the runs at the rate tuned at the smallest batch size and scaled by the square
 *     root of the batch size: the transfer question
 */
public record SweepResult(
    String preset,
    String backend,
    int epochs,
    List<Integer> batchSizes,
    List<String> optimizers,
    List<Double> rates,
    List<Long> seeds,
    List<SweepCell> grid,
    List<SweepCell> transfer) {

  /** The runs of the transfer with an optimizer at a batch size. */
  List<SweepCell> transfer(String optimizer, int batchSize) {
    return transfer.stream()
        .filter(cell -> cell.optimizer().equals(optimizer) && cell.batchSize() == batchSize)
        .toList();
  }

  /** What the grid says about an optimizer at a batch size. */
  Tuning tuning(String optimizer, int batchSize) {
    return Tuning.of(grid, rates, optimizer, batchSize);
  }
}
