package io.github.lamb4j.internal.spi;

import java.util.List;

/** What the optimizer keeps for each element of a parameter. */
public enum StateArray {
  /** The first moment. */
  EXP_AVG,
  /** The second moment. */
  EXP_AVG_SQ,
  /** The binary32 weights of a parameter that has half ones. */
  MASTER;

  private static final List<StateArray> MOMENTS = List.of(EXP_AVG, EXP_AVG_SQ);
  private static final List<StateArray> ALL = List.of(values());

  /** What is kept for a parameter. */
  public static List<StateArray> of(boolean withMaster) {
    return withMaster ? ALL : MOMENTS;
  }
}
