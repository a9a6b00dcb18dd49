package io.github.lamb4j.config;

/**
 * How a CUDA step passes over memory. Every path gives the same bits; they differ in the number of
 * bytes moved. The figures below are per parameter element, with float32 weights and gradients, and
 * clipping adds 4, except for LANS. The path matters only for groups with layer adaptation: without
 * it, a group takes one pass of 28 bytes. {@link UpdateRule#LANS} always takes two passes and moves
 * 48 bytes.
 */
public enum StepPath {
  /**
   * A single pass for groups of which at least half the tiles fit into the device's shared memory;
   * otherwise two passes.
   */
  AUTO,
  /** 32 bytes; 40 for the part of a parameter that exceeds the shared-memory window. */
  SINGLE_PASS,
  /** 40 bytes. */
  TWO_PASS
}
