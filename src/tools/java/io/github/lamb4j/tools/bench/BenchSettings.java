package io.github.lamb4j.tools.bench;

import io.github.lamb4j.config.StepPath;

/**
 * How the contenders step.
 *
 * @param path the path of LAMB to time on CUDA; {@code AUTO} for both
 * @param clip whether gradients are clipped
 * @param threads the number of threads of the CPU backend
 * @param check whether the first steps on CUDA are compared with the CPU's
 */
public record BenchSettings(StepPath path, boolean clip, int threads, boolean check) {

  /** Less than the norm of any model's random gradients, so that every step clips. */
  static final double MAX_GRAD_NORM = 1e-4;

  /** The learning rate: so small that any number of steps leaves the weights at their scale. */
  double rate() {
    return 1e-6;
  }
}
