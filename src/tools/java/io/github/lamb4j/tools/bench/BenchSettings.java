package io.github.lamb4j.tools.bench;

import io.github.lamb4j.config.StepPath;

/**
 * How the steps are to be taken.
 *
 * @param path which of LAMB's paths are timed on CUDA; {@code AUTO} for both
 * @param clip whether gradients are clipped
 * @param threads of the CPU backend
 */
public record BenchSettings(StepPath path, boolean clip, int threads) {

  /** Below the norm of any model's random gradients, so that there is something to clip. */
  static final double MAX_GRAD_NORM = 1e-4;

  /** Small, so that the weights stay what they are like however many steps are taken. */
  double rate() {
    return 1e-6;
  }
}
