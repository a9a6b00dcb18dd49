package io.github.lamb4j.internal.cuda;

import java.util.Map;

/**
 * Tuning of one architecture. Results do not depend on it.
 *
 * <p>The default rule of {@link io.github.lamb4j.config.StepPath#AUTO} counts bytes: a tile that
 * the window holds costs 32 bytes per element, a deferred one 40 bytes like two passes, and
 * deferring is work that two passes do not have. So a group takes the single pass if the window can
 * hold at least half of its tiles. An H100 agrees far above this limit; nothing near it has been
 * measured. An entry of {@link #MEASURED} overrules the rule for its compute capability.
 *
 * @param singlePassShare the share of a group's tiles that the window must hold for the single
 *     pass: 0 for always, above 1 for never
 * @param blocks resident blocks per multiprocessor by kernel, where they differ from the policy
 */
record Tuning(double singlePassShare, Map<String, Integer> blocks) {

  static final Tuning DEFAULT = new Tuning(0.5, Map.of());

  /** By compute capability, as 10 * major + minor. Only entries that a benchmark supports. */
  private static final Map<Integer, Tuning> MEASURED = Map.of();

  static Tuning of(int computeCapability) {
    return MEASURED.getOrDefault(computeCapability, DEFAULT);
  }

  /** The policy of a kernel on this architecture. */
  LaunchPolicy adapt(LaunchPolicy policy) {
    return new LaunchPolicy(
        policy.kernel(),
        policy.threads(),
        blocks.getOrDefault(policy.kernel(), policy.blocksPerMultiprocessor()));
  }
}
