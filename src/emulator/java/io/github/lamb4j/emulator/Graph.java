package io.github.lamb4j.emulator;

/** Work that was captured from a stream: a CUDA graph, or the emulator's likeness of one. */
public interface Graph extends AutoCloseable {

  /** Enqueues all of it on the stream from which it was captured. */
  void replay();

  @Override
  void close();
}
