package io.github.lamb4j.internal.spi;

/** A stream of a backend's own kind, opaque to the engine. */
public interface StreamHandle {}
