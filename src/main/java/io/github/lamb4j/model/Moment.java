package io.github.lamb4j.model;

/** One of the two running averages that the optimizer keeps for every element. */
public enum Moment {
  /** m, the average of the gradients; {@code exp_avg} in checkpoints. */
  FIRST,
  /** v, the average of their squares; {@code exp_avg_sq} in checkpoints. */
  SECOND
}
