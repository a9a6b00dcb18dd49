package io.github.lamb4j.schedule;

import static io.github.lamb4j.schedule.ScheduleChecks.requireCount;
import static io.github.lamb4j.schedule.ScheduleChecks.requireNotNegative;
import static io.github.lamb4j.schedule.ScheduleChecks.requirePower;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;

/**
 * The batch, the steps and the learning rate of a whole run: linear warmup, then polynomial decay
 * to 0.
 *
 * <p>At step t of T, with warmup ratio w,
 *
 * <pre>
 *   rate = learningRate * (t / T) / w          while t &lt; w T
 *   rate = learningRate * (1 - t / T)^power    from then on
 * </pre>
 *
 * <p>The decay counts from the start of the run, not from the end of the warmup. So the rate falls
 * at once from nearly {@code learningRate} to {@code learningRate * (1 - w)^power} when the warmup
 * ends. The last step has rate 0, as have steps after it: it moves the moments and no weight. For a
 * decay that starts where the warmup ends, see {@link Schedule#then}.
 *
 * <p>This is the {@code PolyWarmUpScheduler} of NVIDIA's BERT, which sets the rate before each
 * update from {@code progress = (updates so far + 1) / steps}. The first update has progress 1/T,
 * as step 1 has here.
 *
 * @param batch examples per step, on all devices and in all accumulated gradients together
 * @param learningRate what the warmup rises to and the decay is a part of
 * @param steps T, the steps of the run
 * @param warmupRatio w, the part of the run that warms up, from 0 to below 1; 0 is no warmup
 * @param power 1 is linear decay, 0.5 the square root
 */
public record Recipe(
    long batch, double learningRate, long steps, double warmupRatio, double power) {

  /**
   * BERT-large, phase 1: sequences of 128 tokens. Batch 65,536, learning rate 6e-3, 7038 steps,
   * 28.43 % warmup, power 0.5.
   *
   * <p>Source: NVIDIA DeepLearningExamples, PyTorch/LanguageModeling/BERT, {@code
   * scripts/configs/pretrain_config.sh} and {@code schedulers.py}. The rest of it, from {@code
   * run_pretraining.py} and apex's FusedLAMB: what {@link Hyperparameters#lamb(Schedule)} gives
   * (betas 0.9 and 0.999, epsilon 1e-6, weight decay 0.01, bias correction), gradients clipped to
   * norm 1, and biases and layer normalisation in a group of their own without weight decay and
   * without layer adaptation.
   */
  public static final Recipe NVIDIA_BERT_PHASE_1 = new Recipe(65_536, 6e-3, 7038, 0.2843, 0.5);

  /**
   * BERT-large, phase 2: sequences of 512 tokens, from the weights of phase 1. Batch 32,768,
   * learning rate 4e-3, 1563 steps, 12.8 % warmup, power 0.5.
   *
   * <p>Source and the rest as in {@link #NVIDIA_BERT_PHASE_1}. NVIDIA keeps the moments of phase 1
   * and counts steps from 1 again: {@link Lamb#resumeAt resumeAt(0)}.
   */
  public static final Recipe NVIDIA_BERT_PHASE_2 = new Recipe(32_768, 4e-3, 1563, 0.128, 0.5);

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public Recipe {
    requireCount("batch", batch);
    requireNotNegative("learning rate", learningRate);
    requireCount("steps", steps);
    if (!(warmupRatio >= 0 && warmupRatio < 1)) {
      throw new IllegalArgumentException(
          "warmup ratio " + warmupRatio + ": must be from 0 to below 1; 0.1 is a tenth of the run");
    }
    requirePower(power);
  }

  /** The learning rate, step by step. */
  public Schedule schedule() {
    double warmup = warmupRatio * steps;
    return step ->
        step < warmup
            ? learningRate * (step / warmup)
            : learningRate * StrictMath.pow((double) Math.max(0, steps - step) / steps, power);
  }

  /** The number of steps that warm up: those before {@code warmupRatio * steps}. */
  public long warmupSteps() {
    return Math.max(0, (long) Math.ceil(warmupRatio * steps) - 1);
  }

  /**
   * This recipe for another batch size and as many epochs, by the rules of {@link BatchScaling}: a
   * place to start tuning from, not a published recipe.
   *
   * @throws IllegalArgumentException if the batch is below 1, or so large that the run would end
   *     within its warmup
   */
  public Recipe scaledTo(long newBatch) {
    BatchScaling scaling = new BatchScaling(batch, newBatch);
    double newRatio = scaling.warmupEpochs(warmupRatio);
    if (newRatio >= 1) {
      throw new IllegalArgumentException(
          "batch %d: a run of as many epochs would end within its warmup; must be below %d, or start from a smaller warmup ratio than %s"
              .formatted(newBatch, (long) Math.ceil(batch / warmupRatio), warmupRatio));
    }
    return new Recipe(
        newBatch, scaling.learningRate(learningRate), scaling.steps(steps), newRatio, power);
  }
}
