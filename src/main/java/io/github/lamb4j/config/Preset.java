package io.github.lamb4j.config;

import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.model.NameRule;
import io.github.lamb4j.schedule.Schedule;
import java.util.OptionalDouble;

/**
 * The hyperparameters under which a step does what another implementation does by default.
 *
 * <pre>{@code
 * LambBuilder builder = Lamb.onCuda(stream);
 * Preset.APEX.maxGradNorm().ifPresent(builder::maxGradNorm);
 * builder.group("weights", Preset.APEX.hyperparameters(schedule), weights);
 * }</pre>
 *
 * <p>What each constant does not say is as in the paper and {@link Hyperparameters#lamb(Schedule)}.
 * All that the others let their callers choose can be chosen here by the {@code with} methods. Not
 * reproduced, of any of them, is their rounding: they compute in the parameters' own type, binary32
 * at best, norms and coefficients included. Results agree as far as that goes, not to the bit.
 * Sources are named as they were read, with their version or commit.
 */
public enum Preset {
  /**
   * You et al. 2019 (<a href="https://arxiv.org/abs/1904.00962">arXiv 1904.00962</a>), algorithm 2:
   * {@link Hyperparameters#lamb(Schedule)}.
   */
  PAPER(Hyperparameters.lamb(0)),

  /**
   * NVIDIA apex, {@code FusedLAMB} with {@code use_nvlamb=False}, its default.
   *
   * <p>Differs from the paper: a group without weight decay is not adapted ({@link
   * LayerAdaptation#WITH_DECAY}); gradients are clipped to norm 1, over all groups.
   *
   * <p>Not reproduced: {@code adam_w_mode=False}, which is not its default and adds the decay to
   * the gradient; moments in half precision, which it keeps for half weights; and that it
   * overwrites gradients with the update. {@code max_grad_norm=0} makes every gradient 0 there and
   * is refused here.
   *
   * <p>Read: {@code apex/optimizers/fused_lamb.py} (16fadfe7) and {@code csrc/multi_tensor_lamb.cu}
   * (06a83ce7).
   */
  APEX(Hyperparameters.lamb(0).withLayerAdaptation(LayerAdaptation.WITH_DECAY), 1),

  /**
   * NVIDIA apex, {@code FusedLAMB} with {@code use_nvlamb=True}: {@link #APEX}, but every group is
   * adapted. Differs from the paper in the clipping alone.
   */
  APEX_NVLAMB(Hyperparameters.lamb(0), 1),

  /**
   * DeepSpeed, {@code FusedLamb} as microsoft/DeepSpeed had it.
   *
   * <p>Differs from the paper: the moments are used uncorrected and the learning rate is corrected
   * instead ({@link BiasCorrection#LEARNING_RATE}), so that the trust ratio sees an Adam update
   * that is at step 1 about 3.2 times as large beside the decay; epsilon is 1e-8 and stands outside
   * the root of the uncorrected second moment, where at step 1 it weighs 32 times as much; the
   * trust ratio is limited to 0.01 to 10; no weight decay by default.
   *
   * <p>Newer source (deepspeedai/DeepSpeed e5d277fc, of 2026) corrects the moments, as the paper
   * does: {@code withBiasCorrection(BiasCorrection.MOMENTS)}.
   *
   * <p>Not reproduced: {@code eps_inside_sqrt=True}, which is not its default. Its {@code
   * max_grad_norm}, off by default, adds 1e-6 to the norm and takes the norms from its engine;
   * {@link LambBuilder#maxGradNorm} does neither.
   *
   * <p>Read: microsoft/DeepSpeed {@code deepspeed/ops/lamb/fused_lamb.py} (077e6740) and {@code
   * csrc/lamb/fused_lamb_cuda_kernel.cu} (06076c63).
   */
  DEEPSPEED(
      Hyperparameters.lamb(0)
          .withEpsilon(1e-8)
          .withWeightDecay(0)
          .withBiasCorrection(BiasCorrection.LEARNING_RATE)
          .withTrustRatioLimits(new Limits(0.01, 10))),

  /**
   * TensorFlow Addons, {@code tfa.optimizers.LAMB}.
   *
   * <p>Differs from the paper: no weight decay by default.
   *
   * <p>Not reproduced: a parameter that {@code exclude_from_weight_decay} names is there not
   * adapted either, unless {@code exclude_from_layer_adaptation} is given; here {@link
   * NameRule#noDecay} and {@link NameRule#noAdaptation} say each for itself. {@code epsilon=0}
   * means Keras's default there and is refused here. Sparse gradients.
   *
   * <p>Read: {@code tensorflow_addons/optimizers/lamb.py} (cbe5e9c5), which calls the decay {@code
   * weight_decay_rate}; later versions call it {@code weight_decay}.
   */
  TF_ADDONS(Hyperparameters.lamb(0).withWeightDecay(0)),

  /**
   * {@code optax.lamb}.
   *
   * <p>Differs from the paper: no weight decay by default. The numbers are those of {@link
   * #TF_ADDONS}.
   *
   * <p>Not reproduced: {@code eps_root}, 0 by default, an epsilon inside the root. Its schedules
   * see steps count from 0; a {@link Schedule} sees them count from 1. Its {@code mask} for the
   * decay is here a group of its own.
   *
   * <p>Read: {@code optax/_src/alias.py} and {@code transform.py} of optax 0.2.8.
   */
  OPTAX(Hyperparameters.lamb(0).withWeightDecay(0)),

  /**
   * {@code timm.optim.Lamb}.
   *
   * <p>Differs from the paper as {@link #APEX} does, which it follows: {@code always_adapt} is
   * false, and gradients are clipped to norm 1. With {@code always_adapt=True} it is {@link
   * #APEX_NVLAMB}; {@code trust_clip} is {@link #LAMBC}'s limit, {@code decoupled_decay} is {@link
   * Hyperparameters#withDecoupledDecay}.
   *
   * <p>Not reproduced: {@code caution} and {@code corrected_weight_decay}, both off by default; and
   * that version 1.0.29 clips the gradients in place.
   *
   * <p>Read: {@code timm/optim/lamb.py} of timm 1.0.29.
   */
  TIMM(Hyperparameters.lamb(0).withLayerAdaptation(LayerAdaptation.WITH_DECAY), 1),

  /**
   * {@code keras.optimizers.Lamb}.
   *
   * <p>Differs from the paper: epsilon is 1e-7; no weight decay by default, and where there is one
   * it is decoupled: it takes its share of the weights before their norm is formed, and the trust
   * ratio does not see it.
   *
   * <p>Not reproduced: {@code clipnorm}, which clips each variable by itself, {@code clipvalue} and
   * moving averages of the weights, all off by default; {@code global_clipnorm} is {@link
   * LambBuilder#maxGradNorm}, except that a norm that is not finite makes all its gradients NaN.
   *
   * <p>Read: {@code keras/src/optimizers/lamb.py} and {@code base_optimizer.py} of Keras 3.15.1.
   */
  KERAS(Hyperparameters.lamb(0).withEpsilon(1e-7).withWeightDecay(0).withDecoupledDecay(true)),

  /**
   * AdamW (Loshchilov and Hutter 2019, <a href="https://arxiv.org/abs/1711.05101">arXiv
   * 1711.05101</a>) with PyTorch's defaults: {@link Hyperparameters#adamW(Schedule)}.
   *
   * <p>Differs from LAMB: no trust ratio; epsilon is 1e-8. Without a ratio it makes no difference
   * whether the decay is decoupled.
   *
   * <p>Not reproduced: {@code amsgrad}, off by default.
   *
   * <p>Read: {@code torch/optim/adamw.py} of PyTorch 2.13.
   */
  ADAMW(Hyperparameters.adamW(0)),

  /**
   * LAMBC (Fong et al. 2020, <a href="https://arxiv.org/abs/2011.13584">arXiv 2011.13584</a>) with
   * an upper limit of 1, as timm's {@code trust_clip} has it: {@link
   * Hyperparameters#lambC(Schedule)}.
   *
   * <p>Differs from the paper of LAMB: the trust ratio is at most 1.
   */
  LAMBC(Hyperparameters.lambC(0)),

  /**
   * LANS (Zheng et al. 2020, <a href="https://arxiv.org/abs/2006.13484">arXiv 2006.13484</a>,
   * algorithm 2): {@link Hyperparameters#lans(Schedule)}.
   *
   * <p>Differs from LAMB: each tensor's gradient is divided by its norm, and the update has a
   * second term, of the gradient alone.
   *
   * <p>Not reproduced, of gluon-nlp's kernel: it adds epsilon to the norm that it divides by, which
   * neither the paper nor MXNet's {@code LANS} does; and {@code grad_averaging=False} makes it
   * weigh the second term by 1, where {@code 1 - beta1} stays here. The weight norms' bounds of
   * MXNet, off by default, are {@link Hyperparameters#withWeightNormLimits}.
   *
   * <p>Read: dmlc/gluon-nlp {@code src/gluonnlp/torch/clib/multi_tensor_lans.cu} (7564e40c) and
   * apache/mxnet {@code python/mxnet/optimizer/lans.py} (c52fc2ef).
   */
  LANS(Hyperparameters.lans(0));

  private final Hyperparameters template;
  private final OptionalDouble maxGradNorm;

  Preset(Hyperparameters template) {
    this.template = template;
    maxGradNorm = OptionalDouble.empty();
  }

  Preset(Hyperparameters template, double maxGradNorm) {
    this.template = template;
    this.maxGradNorm = OptionalDouble.of(maxGradNorm);
  }

  /**
   * The hyperparameters of a group.
   *
   * @param learningRate no preset has one; most of the others default to 1e-3
   * @throws IllegalArgumentException if it is null
   */
  public Hyperparameters hyperparameters(Schedule learningRate) {
    return template.withLearningRate(learningRate);
  }

  /** {@link #hyperparameters(Schedule)} with a constant learning rate. */
  public Hyperparameters hyperparameters(double learningRate) {
    return hyperparameters(Schedule.constant(learningRate));
  }

  /**
   * What the norm of all gradients is clipped to by default, for {@link LambBuilder#maxGradNorm};
   * empty if nothing is clipped.
   */
  public OptionalDouble maxGradNorm() {
    return maxGradNorm;
  }
}
