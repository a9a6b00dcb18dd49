package io.github.lamb4j.tools.sweep;

/** What identifies a run within a sweep; see {@link SweepCell}. */
record SweepKey(SweepOptimizer optimizer, int batchSize, double learningRate, long seed) {

  /** Whether a cell is the result of this run. */
  boolean matches(SweepCell cell) {
    return optimizer.key().equals(cell.optimizer())
        && batchSize == cell.batchSize()
        && learningRate == cell.learningRate()
        && seed == cell.seed();
  }
}
