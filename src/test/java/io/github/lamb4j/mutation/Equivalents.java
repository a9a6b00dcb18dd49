package io.github.lamb4j.mutation;

import java.util.Optional;

/**
 * Reasons why some surviving mutants do not change any result. Only mutants that can be recognized
 * by their line are listed; the others require reading the kernel.
 */
final class Equivalents {

  private Equivalents() {}

  /** The reason why a surviving mutant is equivalent to the original, if known. */
  static Optional<String> reason(Mutant mutant) {
    if (mutant.before().contains("ld.global.cg") && mutant.after().contains("ld.global.v2")) {
      return Optional.of("a cache operator; the emulator has no L1 cache");
    }
    if (mutant.before().matches(".*selp\\.b32\\s+%r\\d+, 1, 64, .*")) {
      return Optional.of("the number of spins before a block drops a tile; affects only speed");
    }
    return Optional.empty();
  }
}
