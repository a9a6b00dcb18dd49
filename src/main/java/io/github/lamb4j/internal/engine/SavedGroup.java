package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.Hyperparameters;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A parameter group as a state file describes it.
 *
 * @param name its name
 * @param steps the steps it has taken
 * @param lastRate the learning rate of its last step; empty if it has not taken one
 * @param hyperparameters its hyperparameters, with a learning rate of 0
 * @param parameters the names of its parameters, in order
 */
public record SavedGroup(
    String name,
    long steps,
    OptionalDouble lastRate,
    Hyperparameters hyperparameters,
    List<String> parameters) {

  /** Copies the list. */
  public SavedGroup {
    parameters = List.copyOf(parameters);
  }
}
