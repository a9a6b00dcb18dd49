package io.github.lamb4j.emulator;

/**
 * A bound instruction.
 *
 * @param line its line in the PTX text
 * @param text as written
 * @param guard the predicate register that guards it, or -1
 * @param guardFlip -1 if the guard is negated, else 0
 * @param flow its effect on control flow
 * @param operation its effect; for {@link Flow#BARRIER}, the effect of each arrival
 * @param slot the register of the member mask, the barrier's number or the branch index
 * @param count the register of a barrier's thread count, or -1 for all threads of the block
 * @param targets branch targets
 * @param after for {@link Flow#BARRIER}, the effect on each thread when all have arrived
 */
record Instruction(
    int line,
    String text,
    int guard,
    int guardFlip,
    Flow flow,
    Operation operation,
    int slot,
    int count,
    int[] targets,
    Operation after) {

  enum Flow {
    NEXT,
    BRANCH,
    INDEXED_BRANCH,
    EXIT,
    /** Waits until enough threads of the block have arrived. */
    BARRIER,
    /** Arrives at a barrier without waiting. */
    ARRIVE,
    /** Waits for all lanes of the member mask, then runs for all of them together. */
    CONVERGE,
    /** Lets other warps run. */
    YIELD
  }
}
