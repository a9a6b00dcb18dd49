/**
 * How an optimizer trains: {@link io.github.lamb4j.config.Hyperparameters} of a parameter group,
 * {@linkplain io.github.lamb4j.config.Preset presets} that follow other implementations, and
 * policies for a whole optimizer. Everything here is immutable.
 */
package io.github.lamb4j.config;
