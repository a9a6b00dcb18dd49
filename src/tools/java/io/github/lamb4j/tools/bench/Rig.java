package io.github.lamb4j.tools.bench;

import java.util.List;
import java.util.Map;

/** A model in the memory of a machine, ready to be timed. */
public interface Rig extends AutoCloseable {

  /** The contenders, the copy and AdamW first. */
  List<Contender> contenders();

  /** The contenders that cannot be timed here, with the reason. */
  Map<String, String> skipped();

  /**
   * Takes one step of each contender, in this order.
   *
   * @return milliseconds, in the same order
   */
  double[] time(List<Contender> order);

  /** The minimum number of warm-up rounds. */
  int warmup();

  /** The minimum time to warm up: a just-in-time compiler needs time rather than rounds. */
  default double warmupSeconds() {
    return 0;
  }

  /** The bytes that one step touches. If they fit in a cache, the times measure the cache. */
  long workingSetBytes();

  /** The size of the last-level cache; 0 if unknown. */
  long lastCacheBytes();

  /** Frees the memory. */
  @Override
  void close();
}
