package io.github.lamb4j.internal.spi;

/**
 * Receives the metrics of a backend's last step, without an object per number. Until a step has
 * completed since the backend was opened or {@link Backend#setSteps} was called, learning rates and
 * norms are 0 and trust ratios 1. The gradient norm is NaN until a step has completed or was
 * skipped.
 */
public interface ReportSink {

  /**
   * Receives the metrics common to all groups.
   *
   * @param gradientNorm the norm of the true gradients at the last step, taken or skipped;
   *     undefined if steps neither compute nor receive it
   * @param divisor the first product of loss scale and divisor that was not finite and above 0;
   *     otherwise 1
   * @param skipped the number of skipped steps
   * @param halted whether non-finite gradients have ended the run
   */
  void step(double gradientNorm, double divisor, long skipped, boolean halted);

  /**
   * Receives the metrics of one group.
   *
   * @param group the group's index
   * @param steps the group's own step count
   * @param rate the learning rate with which the last step was taken
   * @param learningRate the same, with its bias correction if that is folded into it
   */
  void group(int group, long steps, double rate, double learningRate);

  /**
   * Receives the metrics of one parameter. Norms that {@link BackendSettings#norms} excludes are
   * undefined.
   *
   * @param group the group's index
   * @param segment the parameter's index in the group
   * @param weightNorm the norm of the weights before the step
   * @param updateNorm the norm of r
   * @param trustRatio the factor applied to r
   * @param gradientUpdateNorm the norm of c, the second term of LANS
   * @param gradientTrustRatio the factor applied to c
   */
  void segment(
      int group,
      int segment,
      double weightNorm,
      double updateNorm,
      double trustRatio,
      double gradientUpdateNorm,
      double gradientTrustRatio);
}
