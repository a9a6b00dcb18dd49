package io.github.lamb4j.model;

import java.util.List;

/** One of the float32 arrays that the optimizer keeps for each parameter. */
public enum StateArray {
  /** m, the running average of the gradients; {@code exp_avg} in checkpoints. */
  FIRST_MOMENT("exp_avg"),
  /** v, the running average of the squared gradients; {@code exp_avg_sq} in checkpoints. */
  SECOND_MOMENT("exp_avg_sq"),
  /** The float32 master copy of half-precision weights; {@code master} in checkpoints. */
  MASTER("master");

  private static final List<StateArray> MOMENTS = List.of(FIRST_MOMENT, SECOND_MOMENT);
  private static final List<StateArray> ALL = List.of(values());

  private final String key;

  StateArray(String key) {
    this.key = key;
  }

  /**
   * {@return the arrays kept for a parameter}
   *
   * @param hasMaster whether the parameter's weights are in half precision
   */
  public static List<StateArray> of(boolean hasMaster) {
    return hasMaster ? ALL : MOMENTS;
  }

  /**
   * {@return the name of a parameter's array in a checkpoint, for example {@code
   * exp_avg/dense.weight}}
   *
   * @param parameter the parameter's name
   */
  public String tensorName(String parameter) {
    return key + "/" + parameter;
  }
}
