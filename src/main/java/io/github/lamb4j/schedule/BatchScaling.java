package io.github.lamb4j.schedule;

import static io.github.lamb4j.schedule.ScheduleChecks.requireCount;
import static io.github.lamb4j.schedule.ScheduleChecks.requireNotNegative;

/**
 * What was tuned at one batch size, carried to another; the number of epochs stays. The rules of
 * the LAMB paper (You et al. 2019, <a href="https://arxiv.org/abs/1904.00962">arXiv
 * 1904.00962</a>):
 *
 * <ul>
 *   <li>the learning rate grows with the square root of the batch (Krizhevsky 2014, <a
 *       href="https://arxiv.org/abs/1404.5997">arXiv 1404.5997</a>);
 *   <li>the epochs of warmup grow with the batch: linear-epoch warmup (You et al. 2019, <a
 *       href="https://arxiv.org/abs/1901.08256">arXiv 1901.08256</a>). An epoch has fewer steps by
 *       the same factor, so the <em>steps</em> of warmup stay as they are.
 * </ul>
 *
 * <pre>{@code
 * BatchScaling larger = new BatchScaling(512, 32_768);
 * larger.learningRate(6.25e-4); // 5e-3
 * larger.warmupEpochs(0.25);    // 16
 * larger.steps(1_000_000);      // 15,625
 * }</pre>
 *
 * @param referenceBatch the examples in a step of the run that was tuned, on all devices together
 * @param batch the examples in a step of the new run
 */
public record BatchScaling(long referenceBatch, long batch) {

  /**
   * Checks the batch sizes.
   *
   * @throws IllegalArgumentException if one is below 1
   */
  public BatchScaling {
    requireCount("reference batch", referenceBatch);
    requireCount("batch", batch);
  }

  /** {@code referenceRate * sqrt(batch / referenceBatch)}. */
  public double learningRate(double referenceRate) {
    requireNotNegative("reference learning rate", referenceRate);
    return referenceRate * StrictMath.sqrt((double) batch / referenceBatch);
  }

  /**
   * {@code referenceEpochs * batch / referenceBatch}. A part of the run scales in the same way: a
   * warmup ratio of 1/320 at batch 512 becomes 1/160 at batch 1024.
   */
  public double warmupEpochs(double referenceEpochs) {
    requireNotNegative("reference warmup epochs", referenceEpochs);
    return referenceEpochs * ((double) batch / referenceBatch);
  }

  /**
   * The steps that see as many examples as {@code referenceSteps} did: {@code referenceSteps *
   * referenceBatch / batch}, rounded up.
   */
  public long steps(long referenceSteps) {
    requireCount("reference steps", referenceSteps);
    return (long) Math.ceil((double) referenceSteps * referenceBatch / batch);
  }
}
