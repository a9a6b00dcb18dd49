package io.github.lamb4j.emulator;

/** Work captured from a stream: a CUDA graph or its emulation. */
public interface Graph extends AutoCloseable {

  /** Enqueues the work on the stream it was captured from. */
  void replay();

  @Override
  void close();
}
