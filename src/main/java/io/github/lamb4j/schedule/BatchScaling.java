package io.github.lamb4j.schedule;

import static io.github.lamb4j.schedule.ScheduleChecks.requireCount;
import static io.github.lamb4j.schedule.ScheduleChecks.requireNotNegative;

/**
 * Scales settings tuned at one batch size to another, with the number of epochs unchanged. The
 * rules are those of the LAMB paper (You et al. 2019, <a
 * href="https://arxiv.org/abs/1904.00962">arXiv 1904.00962</a>):
 *
 * <ul>
 *   <li>the learning rate grows with the square root of the batch size (Krizhevsky 2014, <a
 *       href="https://arxiv.org/abs/1404.5997">arXiv 1404.5997</a>);
 *   <li>the epochs of warmup grow linearly with the batch size: linear-epoch warmup (You et al.
 *       2019, <a href="https://arxiv.org/abs/1901.08256">arXiv 1901.08256</a>). An epoch has fewer
 *       steps by the same factor, so the number of warmup <em>steps</em> does not change.
 * </ul>
 *
 * <pre>{@code
 * BatchScaling larger = new BatchScaling(512, 32_768);
 * larger.learningRate(6.25e-4); // 5e-3
 * larger.warmupEpochs(0.25);    // 16
 * larger.steps(1_000_000);      // 15,625
 * }</pre>
 *
 * @param referenceBatch examples per step of the tuned run, over all devices
 * @param batch examples per step of the new run, over all devices
 */
public record BatchScaling(long referenceBatch, long batch) {

  /**
   * Validates the batch sizes.
   *
   * @param referenceBatch examples per step of the tuned run
   * @param batch examples per step of the new run
   * @throws IllegalArgumentException if one is below 1
   */
  public BatchScaling {
    requireCount("reference batch", referenceBatch);
    requireCount("batch", batch);
  }

  /**
   * {@return the scaled learning rate, {@code referenceRate * sqrt(batch / referenceBatch)}}
   *
   * @param referenceRate the learning rate of the tuned run, finite and at least 0
   */
  public double learningRate(double referenceRate) {
    requireNotNegative("reference learning rate", referenceRate);
    return referenceRate * StrictMath.sqrt((double) batch / referenceBatch);
  }

  /**
   * {@return the scaled length of warmup, {@code referenceEpochs * batch / referenceBatch}} A
   * warmup ratio scales in the same way: 1/320 at batch size 512 becomes 1/160 at 1024.
   *
   * @param referenceEpochs the epochs of warmup of the tuned run, finite and at least 0
   */
  public double warmupEpochs(double referenceEpochs) {
    requireNotNegative("reference warmup epochs", referenceEpochs);
    return referenceEpochs * ((double) batch / referenceBatch);
  }

  /**
   * {@return the number of steps that process the same number of examples, {@code referenceSteps *
   * referenceBatch / batch}, rounded up}
   *
   * @param referenceSteps the steps of the tuned run, at least 1
   */
  public long steps(long referenceSteps) {
    requireCount("reference steps", referenceSteps);
    return (long) Math.ceil((double) referenceSteps * referenceBatch / batch);
  }
}
