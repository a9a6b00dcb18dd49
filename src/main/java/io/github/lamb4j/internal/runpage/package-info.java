/**
 * The page of a training run, from its step reports. Internal; the public API is {@link
 * io.github.lamb4j.page}.
 */
package io.github.lamb4j.internal.runpage;
