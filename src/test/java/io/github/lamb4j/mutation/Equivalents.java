package io.github.lamb4j.mutation;

import java.util.Optional;

/**
 * Why some mutants that the suite does not find change no result. Only what a line says by itself
 * stands here; the other survivors take reading the kernel around them.
 */
final class Equivalents {

  private Equivalents() {}

  /** The reason for which a surviving mutant behaves as the kernels do, if one is known. */
  static Optional<String> reason(Mutant mutant) {
    if (mutant.before().contains("ld.global.cg") && mutant.after().contains("ld.global.v2")) {
      return Optional.of("a cache operator, and the emulator has no L1 cache");
    }
    if (mutant.before().matches(".*selp\\.b32\\s+%r\\d+, 1, 64, .*")) {
      return Optional.of("how often a block looks before it drops a tile: speed alone");
    }
    return Optional.empty();
  }
}
