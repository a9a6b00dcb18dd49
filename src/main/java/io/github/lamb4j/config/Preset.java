package io.github.lamb4j.config;

import io.github.lamb4j.schedule.Schedule;
import java.util.OptionalDouble;

/**
 * Hyperparameters that follow the defaults of another implementation.
 *
 * <pre>{@code
 * LambBuilder apex = Lamb.onCuda(stream);
 * Preset.APEX.maxGradNorm().ifPresent(apex::maxGradNorm);
 * apex.group("weights", Preset.APEX.hyperparameters(schedule), weightParameters);
 * }</pre>
 *
 * <p>Each constant lists its differences from the paper; everything else is as in {@link
 * Hyperparameters#lamb(Schedule)}. Options of the other implementations correspond to the {@code
 * with} methods of {@link Hyperparameters}. Their rounding is not reproduced: they compute in the
 * parameters' own type, at best float32, including norms and coefficients, so that results agree to
 * rounding, not to the bit. The sources are given with the version or commit that was read.
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
   * <p>Differences from the paper: a group without weight decay is not adapted ({@link
   * LayerAdaptation#WITH_DECAY}); gradients are clipped to norm 1, over all groups.
   *
   * <p>Not reproduced: {@code adam_w_mode=False} (not the default), which adds the decay to the
   * gradient; half-precision moments for half-precision weights; overwriting gradients with the
   * update. {@code max_grad_norm=0} makes every gradient 0 there and is rejected here.
   *
   * <p>Source: {@code apex/optimizers/fused_lamb.py} (16fadfe7) and {@code
   * csrc/multi_tensor_lamb.cu} (06a83ce7).
   */
  APEX(Hyperparameters.lamb(0).withLayerAdaptation(LayerAdaptation.WITH_DECAY), 1),

  /**
   * NVIDIA apex, {@code FusedLAMB} with {@code use_nvlamb=True}: {@link #APEX}, but every group is
   * adapted. The only difference from the paper is clipping.
   */
  APEX_NVLAMB(Hyperparameters.lamb(0), 1),

  /**
   * DeepSpeed, {@code FusedLamb} of microsoft/DeepSpeed.
   *
   * <p>Differences from the paper: the moments are used uncorrected and the learning rate is
   * corrected instead ({@link BiasCorrection#LEARNING_RATE}), so that at step 1 the Adam update is
   * about 3.2 times as large relative to the decay when the trust ratio is formed; epsilon is 1e-8
   * and is added to the root of the uncorrected second moment, where it weighs 32 times as much at
   * step 1; the trust ratio is limited to [0.01, 10]; no weight decay by default.
   *
   * <p>Newer versions (deepspeedai/DeepSpeed e5d277fc, 2026) correct the moments, as in the paper:
   * {@code withBiasCorrection(BiasCorrection.MOMENTS)}.
   *
   * <p>Not reproduced: {@code eps_inside_sqrt=True} (not the default). Its {@code max_grad_norm},
   * off by default, adds 1e-6 to the norm and takes the norms from its engine; {@code
   * LambBuilder.maxGradNorm} does neither.
   *
   * <p>Source: microsoft/DeepSpeed {@code deepspeed/ops/lamb/fused_lamb.py} (077e6740) and {@code
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
   * <p>Difference from the paper: no weight decay by default.
   *
   * <p>Not reproduced: sparse gradients, and the coupling of {@code exclude_from_weight_decay} to
   * layer adaptation: there, a parameter without decay is not adapted either unless {@code
   * exclude_from_layer_adaptation} is given; here, {@code NameRule.noDecay} and {@code
   * NameRule.noAdaptation} are independent. {@code epsilon=0} means Keras's default there and is
   * rejected here.
   *
   * <p>Source: {@code tensorflow_addons/optimizers/lamb.py} (cbe5e9c5), which names the decay
   * {@code weight_decay_rate}; later versions name it {@code weight_decay}.
   */
  TF_ADDONS(Hyperparameters.lamb(0).withWeightDecay(0)),

  /**
   * {@code optax.lamb}.
   *
   * <p>Difference from the paper: no weight decay by default. The values are those of {@link
   * #TF_ADDONS}.
   *
   * <p>Not reproduced: {@code eps_root}, an epsilon inside the root, 0 by default. Its schedules
   * count steps from 0, a {@link Schedule} counts from 1. Its {@code mask} for weight decay
   * corresponds to a separate group here.
   *
   * <p>Source: {@code optax/_src/alias.py} and {@code transform.py} of optax 0.2.8.
   */
  OPTAX(Hyperparameters.lamb(0).withWeightDecay(0)),

  /**
   * {@code timm.optim.Lamb}.
   *
   * <p>Differences from the paper: those of {@link #APEX}, which it follows: {@code always_adapt}
   * is false, and gradients are clipped to norm 1. With {@code always_adapt=True} it is {@link
   * #APEX_NVLAMB}; {@code trust_clip} is the limit of {@link #LAMBC}, {@code decoupled_decay} is
   * {@link Hyperparameters#withDecoupledDecay}.
   *
   * <p>Not reproduced: {@code caution} and {@code corrected_weight_decay}, both off by default, and
   * clipping the gradients in place, as version 1.0.29 does.
   *
   * <p>Source: {@code timm/optim/lamb.py} of timm 1.0.29.
   */
  TIMM(Hyperparameters.lamb(0).withLayerAdaptation(LayerAdaptation.WITH_DECAY), 1),

  /**
   * {@code keras.optimizers.Lamb}.
   *
   * <p>Differences from the paper: epsilon is 1e-7; no weight decay by default, and if there is
   * decay, it is decoupled: it is applied to the weights before their norm is computed, and the
   * trust ratio does not scale it.
   *
   * <p>Not reproduced: {@code clipnorm}, which clips each variable separately, {@code clipvalue}
   * and moving averages of the weights, all off by default. {@code global_clipnorm} is {@code
   * LambBuilder.maxGradNorm}, except that a norm that is not finite makes all its gradients NaN.
   *
   * <p>Source: {@code keras/src/optimizers/lamb.py} and {@code base_optimizer.py} of Keras 3.15.1.
   */
  KERAS(Hyperparameters.lamb(0).withEpsilon(1e-7).withWeightDecay(0).withDecoupledDecay(true)),

  /**
   * AdamW (Loshchilov and Hutter 2019, <a href="https://arxiv.org/abs/1711.05101">arXiv
   * 1711.05101</a>) with PyTorch's defaults: {@link Hyperparameters#adamW(Schedule)}.
   *
   * <p>Differences from LAMB: no trust ratio; epsilon is 1e-8. Without a trust ratio, {@link
   * Hyperparameters#decoupledDecay} makes no difference to the formula.
   *
   * <p>Not reproduced: {@code amsgrad}, off by default.
   *
   * <p>Source: {@code torch/optim/adamw.py} of PyTorch 2.13.
   */
  ADAMW(Hyperparameters.adamW(0)),

  /**
   * LAMBC (Fong et al. 2020, <a href="https://arxiv.org/abs/2011.13584">arXiv 2011.13584</a>) with
   * an upper limit of 1, as in timm's {@code trust_clip}: {@link Hyperparameters#lambC(Schedule)}.
   *
   * <p>Difference from the LAMB paper: the trust ratio is at most 1.
   */
  LAMBC(Hyperparameters.lambC(0)),

  /**
   * LANS (Zheng et al. 2020, <a href="https://arxiv.org/abs/2006.13484">arXiv 2006.13484</a>,
   * algorithm 2): {@link Hyperparameters#lans(Schedule)}.
   *
   * <p>Differences from LAMB: each parameter's gradient is divided by its norm, and the update has
   * a second term, computed from the gradient instead of the first moment.
   *
   * <p>Not reproduced from gluon-nlp's kernel: it adds epsilon to the norm before dividing, unlike
   * the paper and MXNet's {@code LANS}; and with {@code grad_averaging=False} it weights the second
   * term by 1 instead of {@code 1 - beta1}. MXNet's bounds on weight norms, off by default, are
   * {@link Hyperparameters#withWeightNormLimits}.
   *
   * <p>Source: dmlc/gluon-nlp {@code src/gluonnlp/torch/clib/multi_tensor_lans.cu} (7564e40c) and
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
   * {@return the hyperparameters of a group}
   *
   * @param learningRate the learning rate, which no preset defines; most other implementations
   *     default to 1e-3
   * @throws IllegalArgumentException if the learning rate is null
   */
  public Hyperparameters hyperparameters(Schedule learningRate) {
    return template.withLearningRate(learningRate);
  }

  /**
   * {@return {@link #hyperparameters(Schedule)} with a constant learning rate}
   *
   * @param learningRate finite, at least 0
   */
  public Hyperparameters hyperparameters(double learningRate) {
    return hyperparameters(Schedule.constant(learningRate));
  }

  /**
   * {@return the norm to which gradients are clipped by default, for {@code
   * LambBuilder.maxGradNorm}; empty if they are not clipped}
   */
  public OptionalDouble maxGradNorm() {
    return maxGradNorm;
  }
}
