package io.github.lamb4j;

import java.util.List;

/**
 * Parameters that share hyperparameters.
 *
 * @param name the name, unique within an optimizer
 * @param hyperparameters how they are trained
 * @param parameters at least one
 */
public record ParameterGroup(
    String name, Hyperparameters hyperparameters, List<Parameter> parameters) {

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if anything is null or the group has no parameters
   */
  public ParameterGroup {
    if (name == null || name.isEmpty()) {
      throw new IllegalArgumentException("group name: " + (name == null ? "null" : "empty"));
    }
    if (hyperparameters == null) {
      throw new IllegalArgumentException("group " + name + ": hyperparameters are null");
    }
    if (parameters == null
        || parameters.isEmpty()
        || parameters.stream().anyMatch(p -> p == null)) {
      throw new IllegalArgumentException(
          "group " + name + ": needs at least one parameter, none of them null");
    }
    parameters = List.copyOf(parameters);
  }
}
