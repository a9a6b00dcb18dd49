package io.github.lamb4j.mutation;

/** What a mutant does to its instruction. */
enum Kind {
  OPCODE("another operation: add for sub, mul for add, shl for shr, up for down, ..."),
  COMPARISON("a comparison negated, or off by its equality"),
  IMMEDIATE("a constant one more or one less"),
  SWAP("two operands, or two registers of a vector, in each other's place"),
  REGISTER("another register of the same type, from nearby"),
  ROUNDING("a conversion that truncates"),
  WIDTH("a load or store of half as many bytes"),
  OFFSET("an address one element further or nearer"),
  DROP("a store, a barrier, an atomic, a branch or an accumulation left out"),
  GUARD("a guard negated, or left out"),
  ORDER("an acquire, a release or a cache operator weakened"),
  SCOPE("a scope of the block where it was the device's"),
  TRAP("a trap at the start of a basic block; who survives it is never run");

  final String description;

  Kind(String description) {
    this.description = description;
  }
}
