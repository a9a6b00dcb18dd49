package io.github.lamb4j.tools.sweep;

import java.util.List;

/**
 * One training run of a sweep.
 *
 * @param optimizer {@code lamb}, {@code adamw} or {@code sgd}
 * @param batchSize examples per step
 * @param learningRate the peak learning rate
 * @param seed determines the split, the initial weights and the order of the examples
 * @param diverged whether the loss became infinite or NaN, which ends a run; the scores are 0 then
 * @param steps optimizer steps taken
 * @param skippedSteps steps that the optimizer skipped
 * @param validationAccuracy on the examples that learning rates are chosen by
 * @param accuracy on the held-out examples
 * @param macroF1 on the held-out examples
 * @param trainLoss the mean training loss of each epoch that was completed
 * @param trustRatios by layer; empty for optimizers without trust ratios
 */
public record SweepCell(
    String optimizer,
    int batchSize,
    double learningRate,
    long seed,
    boolean diverged,
    long steps,
    long skippedSteps,
    double validationAccuracy,
    double accuracy,
    double macroF1,
    List<Double> trainLoss,
    List<TrustCurve> trustRatios) {

  /**
   * A layer's trust ratio over a run.
   *
   * @param layer the parameter's name
   * @param steps the steps at which it was read, ascending
   * @param values the trust ratio at each of them
   */
  public record TrustCurve(String layer, List<Long> steps, List<Double> values) {}
}
