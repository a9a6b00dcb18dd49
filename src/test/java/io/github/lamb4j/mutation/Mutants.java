package io.github.lamb4j.mutation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiConsumer;

/** Enumerates and samples the mutants of a text. */
final class Mutants {

  /** The number of instructions on each side that replacement registers are taken from. */
  private static final int NEARBY = 24;

  private Mutants() {}

  /** All mutants whose text differs. The seed selects replacement registers. */
  static List<Mutant> of(List<String> lines, long seed) {
    List<Instruction> all = Instruction.of(lines);
    List<List<String>> registers = all.stream().map(Instruction::registers).toList();
    List<Mutant> mutants = new ArrayList<>();
    Random random = new Random(seed);
    for (int i = 0; i < all.size(); i++) {
      Instruction x = all.get(i);
      BiConsumer<Kind, String> sink =
          (kind, after) -> {
            if (!after.equals(x.text())) {
              String before = lines.get(x.line());
              mutants.add(new Mutant(mutants.size(), x.kernel(), kind, x.line(), before, after));
            }
          };
      BiConsumer<Kind, Instruction> offered = (kind, changed) -> sink.accept(kind, changed.text());
      Mutations.offer(x, offered);
      OperandMutations.offer(x, nearby(all, registers, i), random, offered);
      if (Mutations.canBeDropped(x)) {
        sink.accept(Kind.DROP, x.indent() + "// dropped" + (x.end().isBlank() ? "" : "\n}"));
      }
    }
    return mutants;
  }

  private static List<String> nearby(
      List<Instruction> all, List<List<String>> registers, int index) {
    List<String> nearby = new ArrayList<>();
    int end = Math.min(all.size(), index + NEARBY);
    for (int i = Math.max(0, index - NEARBY); i < end; i++) {
      if (all.get(i).kernel().equals(all.get(index).kernel())) {
        nearby.addAll(registers.get(i));
      }
    }
    return nearby;
  }

  /** Mutants with a trap at the start of each basic block. */
  static List<Mutant> traps(List<String> lines) {
    List<Mutant> traps = new ArrayList<>();
    int last = -1;
    boolean starts = true;
    for (Instruction x : Instruction.of(lines)) {
      boolean labelled =
          lines.subList(last + 1, x.line()).stream().anyMatch(line -> line.endsWith(":"));
      if (starts || labelled) {
        String before = lines.get(x.line());
        traps.add(
            new Mutant(
                traps.size(), x.kernel(), Kind.TRAP, x.line(), before, "\ttrap;\n" + before));
      }
      starts = x.is("bra", "ret");
      last = x.line();
    }
    return traps;
  }

  /**
   * Samples mutants. A kernel's share is proportional to the square root of its number of mutants,
   * so that small kernels are represented. Mutants of memory order, scope and barriers come first.
   */
  static List<Mutant> sample(List<Mutant> all, int count, long seed) {
    Map<String, List<Mutant>> byKernel = new LinkedHashMap<>();
    all.forEach(m -> byKernel.computeIfAbsent(m.kernel(), k -> new ArrayList<>()).add(m));
    double shares = byKernel.values().stream().mapToDouble(list -> Math.sqrt(list.size())).sum();
    List<Mutant> sample = new ArrayList<>();
    Random random = new Random(seed);
    for (List<Mutant> mutants : byKernel.values()) {
      long share = Math.round(count * Math.sqrt(mutants.size()) / shares);
      Collections.shuffle(mutants, random);
      List<Mutant> ordered = new ArrayList<>(mutants.stream().filter(Mutants::isRare).toList());
      mutants.stream().filter(m -> !isRare(m)).forEach(ordered::add);
      sample.addAll(ordered.subList(0, (int) Math.min(share, ordered.size())));
    }
    return sample;
  }

  private static boolean isRare(Mutant mutant) {
    return mutant.kind() == Kind.ORDER
        || mutant.kind() == Kind.SCOPE
        || mutant.kind() == Kind.DROP && mutant.before().contains("bar.sync")
        || mutant.before().contains("atom.");
  }
}
