package io.github.lamb4j.core;

/** What the optimizer keeps for each element of a parameter. */
public enum StateArray {
  /** The first moment. */
  EXP_AVG,
  /** The second moment. */
  EXP_AVG_SQ,
  /** The binary32 weights of a parameter that has half ones. */
  MASTER
}
