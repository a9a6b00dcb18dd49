/**
 * Sweeps of batch sizes, learning rates and optimizers over the training example of {@link
 * io.github.lamb4j.tools.train}.
 */
package io.github.lamb4j.tools.sweep;
