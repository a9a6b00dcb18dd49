/**
 * Metrics of training steps: norms, trust ratios, learning rates and skipped steps. The same
 * figures are available as JFR events; see {@link io.github.lamb4j.Lamb}.
 */
package io.github.lamb4j.report;
