package io.github.lamb4j.tools.bench;

import java.util.List;
import java.util.Map;
import java.util.Optional;

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

  /**
   * Checks the results of the first steps, before anything is timed. Says what was checked, or why
   * nothing was; empty if there is nothing to compare with.
   *
   * @throws WrongBits if a number is wrong
   */
  default Optional<String> check() {
    return Optional.empty();
  }

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

  /** The bandwidth of the memory by its specification, in 10^9 bytes per second; 0 if unknown. */
  default double theoreticalGigabytesPerSecond() {
    return 0;
  }

  /** Frees the memory. */
  @Override
  void close();
}
