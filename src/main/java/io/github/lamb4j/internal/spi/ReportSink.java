package io.github.lamb4j.internal.spi;

/**
 * Takes what a backend reports of its last step, without an object for each number. Before the
 * first step, and as long as nothing but skipped ones came after {@link Backend#setSteps}, learning
 * rates and norms are 0, ratios 1; the gradients' norm is NaN before the first of either kind.
 */
public interface ReportSink {

  /**
   * What holds for all groups.
   *
   * @param gradientNorm the norm of all true gradients at the last step, skipped or not; of no
   *     meaning if no step computes it or is given it
   * @param skipped steps skipped since the optimizer began
   * @param halted whether non-finite gradients ended the run
   */
  void step(double gradientNorm, long skipped, boolean halted);

  /**
   * One group's step count.
   *
   * @param learningRate the last step's
   */
  void group(int group, long steps, double learningRate);

  /** One parameter's norms and trust ratios; the latter two are LANS' second term's. */
  void segment(
      int group,
      int segment,
      double weightNorm,
      double updateNorm,
      double trustRatio,
      double gradientUpdateNorm,
      double gradientTrustRatio);
}
