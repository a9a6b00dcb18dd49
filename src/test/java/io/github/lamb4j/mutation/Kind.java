package io.github.lamb4j.mutation;

/** The change that a mutant makes to its instruction. */
enum Kind {
  OPCODE("a different operation: add for sub, mul for add, shl for shr, up for down, ..."),
  COMPARISON("a comparison negated, or off by its equality"),
  IMMEDIATE("a constant incremented or decremented"),
  SWAP("two operands, or two registers of a vector, swapped"),
  REGISTER("a different register of the same type from nearby instructions"),
  ROUNDING("a conversion that truncates"),
  WIDTH("a load or store of half the width"),
  OFFSET("an address shifted by one element"),
  DROP("a store, barrier, atomic, branch or accumulation removed"),
  GUARD("a guard negated or removed"),
  ORDER("an acquire, a release or a cache operator weakened"),
  SCOPE("block scope instead of device scope"),
  TAG("a tag that is not compared; only in SynchronizationTest"),
  TRAP("a trap at the start of a basic block; survivors are never run");

  final String description;

  Kind(String description) {
    this.description = description;
  }
}
