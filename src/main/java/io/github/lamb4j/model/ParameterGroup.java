package io.github.lamb4j.model;

import io.github.lamb4j.config.Hyperparameters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  /**
   * Divides parameters by their names into one group for each combination of the rules' effects
   * that occurs, in the order of its first parameter. Every rule that is found in a name takes
   * effect, whatever the order of the rules. The group of those without any is called {@code name},
   * the others {@code "name, no decay"}, {@code "name, no adaptation"} and {@code "name, no decay,
   * no adaptation"}.
   *
   * @param base the hyperparameters where no rule changes them
   * @throws IllegalArgumentException if anything is null or there are no parameters, or if a rule
   *     applies to none of them
   */
  public static List<ParameterGroup> split(
      String name, Hyperparameters base, List<? extends Parameter> parameters, NameRule... rules) {
    ParameterGroup whole =
        new ParameterGroup(
            name, base, parameters == null ? null : new ArrayList<Parameter>(parameters));
    requireRules(whole, rules);
    Map<Hyperparameters, List<Parameter>> members = new LinkedHashMap<>();
    for (Parameter parameter : whole.parameters) {
      Hyperparameters own = base;
      for (NameRule rule : rules) {
        own = rule.appliesTo(parameter.name()) ? rule.change(own) : own;
      }
      members.computeIfAbsent(own, key -> new ArrayList<>()).add(parameter);
    }
    List<ParameterGroup> groups = new ArrayList<>();
    members.forEach((own, list) -> groups.add(new ParameterGroup(whole.nameOf(own), own, list)));
    return groups;
  }

  /** The number of elements of each parameter. */
  public long[] counts() {
    return parameters.stream().mapToLong(Parameter::count).toArray();
  }

  private static void requireRules(ParameterGroup whole, NameRule... rules) {
    if (rules == null) {
      throw new IllegalArgumentException("group " + whole.name + ": the rules are null");
    }
    for (NameRule rule : rules) {
      if (rule == null) {
        throw new IllegalArgumentException("group " + whole.name + ": one of its rules is null");
      }
      rule.requireUse(whole.name, whole.parameters);
    }
  }

  private String nameOf(Hyperparameters own) {
    return name
        + (own.weightDecay() == hyperparameters.weightDecay() ? "" : ", no decay")
        + (own.layerAdaptation() == hyperparameters.layerAdaptation() ? "" : ", no adaptation");
  }
}
