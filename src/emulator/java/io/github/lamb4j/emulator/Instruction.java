package io.github.lamb4j.emulator;

/**
 * An instruction, ready to run.
 *
 * @param line its line in the PTX text
 * @param text as written
 * @param guard the predicate register that guards it, or -1
 * @param guardFlip -1 if the guard is negated, else 0
 * @param flow how execution goes on
 * @param operation what it does; for {@link Flow#BARRIER}, what each thread does on arrival
 * @param slot the register of the member mask, the barrier's number or the branch index
 * @param count the register of a barrier's thread count, or -1 for all threads of the block
 * @param targets where branches go
 * @param after for {@link Flow#BARRIER}, what each thread does when all have arrived
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
    /** Arrives at a barrier and goes on. */
    ARRIVE,
    /** Waits for all lanes of the member mask, then runs for them all at once. */
    CONVERGE,
    /** Lets other warps run. */
    YIELD
  }
}
