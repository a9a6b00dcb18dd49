package io.github.lamb4j.internal.spi;

import io.github.lamb4j.config.StepPath;

/**
 * What an optimizer asks of its backend. Only {@code gradients} changes results; a backend ignores
 * a tuning value that does not concern it.
 *
 * @param gradients clipping, unscaling and skipping
 * @param threads CPU threads, at least 1
 * @param path how a CUDA step goes through memory
 */
public record BackendSettings(GradientOptions gradients, int threads, StepPath path) {}
