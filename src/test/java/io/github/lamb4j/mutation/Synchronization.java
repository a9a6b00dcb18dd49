package io.github.lamb4j.mutation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Mutants without one of the kernels' synchronizations: a barrier, a strong access or a check of a
 * tag.
 */
final class Synchronization {

  private Synchronization() {}

  static List<Mutant> mutants(List<String> lines) {
    List<Mutant> chosen = new ArrayList<>();
    for (Mutant mutant : Mutants.of(lines, 1)) {
      boolean strong = mutant.before().contains(".relaxed.");
      boolean barrier = mutant.before().contains("bar.sync") && mutant.kind() == Kind.DROP;
      boolean weaker =
          switch (mutant.kind()) {
            case ORDER, SCOPE, DROP -> true;
            case OPCODE -> mutant.before().contains(".inc.");
            default -> false;
          };
      if (barrier || strong && weaker) chosen.add(mutant);
    }
    chosen.addAll(uncheckedTags(lines));
    return chosen;
  }

  /** The reason why a mutant need not be found. */
  static Optional<String> equivalence(List<String> lines, Mutant mutant) {
    boolean bounded = lines.get(mutant.line() + 1).matches("\\s*setp\\.gt\\.s32\\s.*, -1;");
    if (mutant.kind() == Kind.TAG && bounded) {
      return Optional.of("a bounded poll: the block checks the tag after it, and defers the tile");
    }
    return Equivalents.reason(mutant);
  }

  /** Mutants that take a tag, the upper half of a 64-bit word, to be that of the current step. */
  private static List<Mutant> uncheckedTags(List<String> lines) {
    List<Mutant> mutants = new ArrayList<>();
    Set<String> upperHalves = new HashSet<>();
    Set<String> tags = new HashSet<>();
    for (Instruction x : Instruction.of(lines)) {
      List<String> operands = x.operands();
      if (x.is("shr.u64") && operands.get(2).equals("32")) upperHalves.add(operands.get(0));
      if (x.is("cvt.u32.u64") && upperHalves.contains(operands.get(1))) tags.add(operands.get(0));
      if (x.is("setp.eq.s32", "setp.ne.s32") && tags.contains(operands.get(1))) {
        String before = lines.get(x.line());
        String after = x.withOperand(2, operands.get(1)).text();
        mutants.add(new Mutant(mutants.size(), x.kernel(), Kind.TAG, x.line(), before, after));
      }
    }
    return mutants;
  }
}
