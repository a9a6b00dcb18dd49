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
    if (mutant.after().equals(mutant.before().replaceFirst("\\.global\\.(cg|cs)\\.", ".global."))) {
      return Optional.of("a cache operator, and the emulator has no caches");
    }
    if (mutant.before().matches(".*mov\\.u32\\s+%r\\d+, 64;.*")) {
      return Optional.of("number of polls before a block defers a tile: affects only speed");
    }
    return Optional.empty();
  }
}
