package io.github.lamb4j.internal.spi;

import io.github.lamb4j.config.StepPath;

/**
 * The settings of a backend. Only {@code gradients} affects results; the others are for tuning, and
 * a backend ignores those that do not apply to it.
 *
 * @param gradients clipping, unscaling and skipping
 * @param threads the number of CPU threads, at least 1
 * @param path how a CUDA step passes over memory
 */
public record BackendSettings(GradientOptions gradients, int threads, StepPath path) {}
