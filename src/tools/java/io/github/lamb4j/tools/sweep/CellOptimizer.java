package io.github.lamb4j.tools.sweep;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.tools.train.Stepper;
import java.util.List;

/** The optimizer of one run, with what a sweep records of it. */
interface CellOptimizer extends Stepper, AutoCloseable {

  /** Steps that were skipped because of gradients that are not finite. */
  long skippedSteps();

  /** The trust ratio of each layer that has one. */
  List<SweepCell.TrustCurve> trustRatios();

  @Override
  void close();

  /** An optimizer that skips nothing and has no trust ratios. */
  static CellOptimizer of(Stepper stepper) {
    return new CellOptimizer() {
      @Override
      public void step() {
        stepper.step();
      }

      @Override
      public void addMicroBatch() {
        stepper.addMicroBatch();
      }

      @Override
      public long skippedSteps() {
        return 0;
      }

      @Override
      public List<SweepCell.TrustCurve> trustRatios() {
        return List.of();
      }

      @Override
      public void close() {}
    };
  }

  /**
   * LAMB or a relative of it.
   *
   * @param optimizer closed with the result
   * @param steps the length of the run
   */
  static CellOptimizer of(Lamb optimizer, long steps) {
    TrustSampler sampler = new TrustSampler(optimizer, steps);
    Stepper stepper = Stepper.of(optimizer);
    return new CellOptimizer() {
      @Override
      public void step() {
        stepper.step();
        sampler.sample();
      }

      @Override
      public void addMicroBatch() {
        stepper.addMicroBatch();
      }

      @Override
      public long skippedSteps() {
        return optimizer.skippedSteps();
      }

      @Override
      public List<SweepCell.TrustCurve> trustRatios() {
        return sampler.curves();
      }

      @Override
      public void close() {
        optimizer.close();
      }
    };
  }
}
