package io.github.lamb4j.schedule;

import static io.github.lamb4j.schedule.ScheduleChecks.requireCount;
import static io.github.lamb4j.schedule.ScheduleChecks.requireNotNegative;
import static io.github.lamb4j.schedule.ScheduleChecks.requirePower;

/**
 * The batch size, number of steps and learning rate of a complete training run: linear warmup, then
 * polynomial decay to 0.
 *
 * <p>At step t of T, with warmup ratio w,
 *
 * <pre>
 *   rate = learningRate * (t / T) / w          if t &lt; w T
 *   rate = learningRate * (1 - t / T)^power    otherwise
 * </pre>
 *
 * <p>The decay counts from the start of the run, not from the end of warmup. When warmup ends, the
 * rate therefore drops from nearly {@code learningRate} to {@code learningRate * (1 - w)^power}.
 * The last step and all steps after it have rate 0: they update the moments but no weight. For a
 * decay that starts where warmup ends, see {@link Schedule#then}.
 *
 * <p>This is the {@code PolyWarmUpScheduler} of NVIDIA's BERT, which sets the rate before each
 * update from {@code progress = (updates so far + 1) / steps}. Its first update has progress 1/T,
 * like step 1 here.
 *
 * @param batch examples per step, over all devices and all accumulated gradients
 * @param learningRate the peak learning rate, from which the decay is computed
 * @param steps T, the number of steps of the run
 * @param warmupRatio w, the fraction of the run spent on warmup, in [0, 1); 0 disables warmup
 * @param power the exponent of the decay: 1 is linear, 0.5 a square root
 */
public record Recipe(
    long batch, double learningRate, long steps, double warmupRatio, double power) {

  /**
   * BERT-large, phase 1: sequences of 128 tokens. Batch size 65,536, learning rate 6e-3, 7038
   * steps, 28.43 % warmup, power 0.5.
   *
   * <p>Source: NVIDIA DeepLearningExamples, PyTorch/LanguageModeling/BERT, {@code
   * scripts/configs/pretrain_config.sh} and {@code schedulers.py}. Its other settings, from {@code
   * run_pretraining.py} and apex's FusedLAMB, are {@link
   * io.github.lamb4j.config.Hyperparameters#lamb(Schedule)} (betas 0.9 and 0.999, epsilon 1e-6,
   * weight decay 0.01, bias correction), gradients clipped to norm 1, and a separate group for
   * biases and layer normalization, without weight decay and without layer adaptation.
   */
  public static final Recipe NVIDIA_BERT_PHASE_1 = new Recipe(65_536, 6e-3, 7038, 0.2843, 0.5);

  /**
   * BERT-large, phase 2: sequences of 512 tokens, starting from the weights of phase 1. Batch size
   * 32,768, learning rate 4e-3, 1563 steps, 12.8 % warmup, power 0.5.
   *
   * <p>Source and other settings as for {@link #NVIDIA_BERT_PHASE_1}. NVIDIA keeps the moments of
   * phase 1 and restarts the step count: {@link io.github.lamb4j.Lamb#resumeAt resumeAt(0)}.
   */
  public static final Recipe NVIDIA_BERT_PHASE_2 = new Recipe(32_768, 4e-3, 1563, 0.128, 0.5);

  /**
   * Validates the values.
   *
   * @param batch examples per step
   * @param learningRate the peak learning rate
   * @param steps the number of steps
   * @param warmupRatio the fraction of the run spent on warmup
   * @param power the exponent of the decay
   * @throws IllegalArgumentException naming the value that is out of range
   */
  public Recipe {
    requireCount("batch", batch);
    requireNotNegative("learning rate", learningRate);
    requireCount("steps", steps);
    if (!(warmupRatio >= 0 && warmupRatio < 1)) {
      throw new IllegalArgumentException(
          "warmup ratio " + warmupRatio + ": must be in [0, 1); 0.1 is a tenth of the run");
    }
    requirePower(power);
  }

  /** {@return the learning rate of each step} */
  public Schedule schedule() {
    double warmup = warmupRatio * steps;
    return step ->
        step < warmup
            ? learningRate * (step / warmup)
            : learningRate * StrictMath.pow((double) Math.max(0, steps - step) / steps, power);
  }

  /** {@return the number of warmup steps, those before {@code warmupRatio * steps}} */
  public long warmupSteps() {
    return Math.max(0, (long) Math.ceil(warmupRatio * steps) - 1);
  }

  /**
   * {@return this recipe for another batch size and the same number of epochs, by the rules of
   * {@link BatchScaling}} The result is a starting point for tuning, not a published recipe.
   *
   * @param newBatch examples per step
   * @throws IllegalArgumentException if the batch size is below 1, or so large that warmup would
   *     take the whole run
   */
  public Recipe scaledTo(long newBatch) {
    BatchScaling scaling = new BatchScaling(batch, newBatch);
    double newRatio = scaling.warmupEpochs(warmupRatio);
    if (newRatio >= 1) {
      throw new IllegalArgumentException(
          "batch %d: warmup would take the whole run; must be below %d, or use a smaller warmup ratio than %s"
              .formatted(newBatch, (long) Math.ceil(batch / warmupRatio), warmupRatio));
    }
    return new Recipe(
        newBatch, scaling.learningRate(learningRate), scaling.steps(steps), newRatio, power);
  }
}
