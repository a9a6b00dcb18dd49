package io.github.lamb4j.cuda.mutation;

import java.util.Optional;

/** Why mutants that the suite does not find change nothing. */
final class Equivalents {

  private Equivalents() {}

  /** The reason for which a surviving mutant behaves as the kernels do, if one is known. */
  static Optional<String> reason(Mutant mutant) {
    return Optional.empty();
  }
}
