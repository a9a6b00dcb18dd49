package io.github.lamb4j.config;

/**
 * How a CUDA step goes through memory. Every path gives the same bits; they differ in bytes moved.
 * {@link UpdateRule#LANS} always takes two passes, and 48 bytes per fp32 parameter.
 */
public enum StepPath {
  /**
   * The single pass where the device's shared memory holds at least half of a group's tiles long
   * enough, and for every group without layer adaptation; else two.
   */
  AUTO,
  /**
   * 32 bytes per fp32 parameter, 40 for what a tensor has beyond the window, 28 without layer
   * adaptation; 4 more when clipping.
   */
  SINGLE_PASS,
  /** 40 bytes per fp32 parameter; 4 more when clipping. */
  TWO_PASS
}
