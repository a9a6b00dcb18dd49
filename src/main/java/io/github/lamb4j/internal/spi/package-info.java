/**
 * The interface between the engine and its backends. Internal; the public API is {@link
 * io.github.lamb4j}.
 */
package io.github.lamb4j.internal.spi;
