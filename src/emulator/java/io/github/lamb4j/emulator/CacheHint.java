package io.github.lamb4j.emulator;

/** The cache operator of a load or store of global memory. */
public enum CacheHint {
  /** The default: {@code .ca} of loads, {@code .wb} of stores. */
  NONE(""),
  /** Cached in L2 only. */
  CG(".cg"),
  /** Streaming: the line is evicted first. */
  CS(".cs"),
  /** Any other. */
  OTHER(".?");

  /** As in PTX. */
  public final String suffix;

  CacheHint(String suffix) {
    this.suffix = suffix;
  }

  static CacheHint of(String operator) {
    if (operator == null || operator.equals("ca") || operator.equals("wb")) return NONE;
    return operator.equals("cg") ? CG : operator.equals("cs") ? CS : OTHER;
  }
}
