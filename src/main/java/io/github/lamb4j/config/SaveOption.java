package io.github.lamb4j.config;

/** An addition to the state that {@code Lamb.save} writes. */
public enum SaveOption {
  /**
   * Stores the CRC-32C of each parameter's float32 weights, which are not saved themselves. {@code
   * Lamb.load} compares it, so that a program notices weights that it did not restore. Saving and
   * loading then read all these weights.
   */
  WEIGHT_CHECKSUM
}
