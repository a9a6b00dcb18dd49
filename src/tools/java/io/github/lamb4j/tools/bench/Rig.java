package io.github.lamb4j.tools.bench;

import java.util.List;
import java.util.Map;

/** A machine with a model in its memory, ready to be timed. */
public interface Rig extends AutoCloseable {

  /** What is timed, the copy and AdamW first. */
  List<Contender> contenders();

  /** Who is not timed here, and why. */
  Map<String, String> skipped();

  /**
   * One step of each, in this order.
   *
   * @return milliseconds, in the same order
   */
  double[] time(List<Contender> order);

  /** Rounds before the first that counts. */
  int warmup();

  /** What one contender moves its bytes through; times are a cache's if it is too small. */
  long workingSetBytes();

  /** The last cache before memory, 0 if that is unknown. */
  long lastCacheBytes();

  /** Frees the memory. */
  @Override
  void close();
}
