package io.github.lamb4j.model;

import io.github.lamb4j.config.Hyperparameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parameters that share hyperparameters.
 *
 * @param name the name, unique within an optimizer
 * @param hyperparameters the hyperparameters of all parameters in the group
 * @param parameters at least one parameter; the gradient norm is summed in this order
 */
public record ParameterGroup(
    String name, Hyperparameters hyperparameters, List<Parameter> parameters) {

  /**
   * Validates the group and copies the list.
   *
   * @param name the name
   * @param hyperparameters the hyperparameters
   * @param parameters the parameters
   * @throws IllegalArgumentException if an argument is null, the name is empty or there are no
   *     parameters
   */
  public ParameterGroup {
    Names.require("group name", name);
    if (hyperparameters == null) {
      throw new IllegalArgumentException("group " + name + ": hyperparameters: null");
    }
    if (parameters == null
        || parameters.isEmpty()
        || parameters.stream().anyMatch(p -> p == null)) {
      throw new IllegalArgumentException(
          "group " + name + ": needs at least one parameter, and none may be null");
    }
    parameters = List.copyOf(parameters);
  }

  /**
   * {@return groups of the parameters to which the same rules apply} There is one group for each
   * combination of effects that occurs, in the order of its first parameter. All rules that match a
   * name take effect; their order does not matter. The group to which no rule applies is called
   * {@code name}; the others are called {@code "name, no decay"}, {@code "name, no adaptation"} and
   * {@code "name, no decay, no adaptation"}. Frozen parameters are in none of them.
   *
   * @param name the common part of the groups' names
   * @param base the hyperparameters that the rules modify
   * @param parameters at least one parameter
   * @param rules the rules; each must match at least one parameter
   * @throws IllegalArgumentException if an argument is null, there are no parameters, a rule
   *     matches none of them, or the rules freeze all of them
   */
  public static List<ParameterGroup> split(
      String name, Hyperparameters base, List<? extends Parameter> parameters, NameRule... rules) {
    ParameterGroup whole =
        new ParameterGroup(
            name, base, parameters == null ? null : new ArrayList<Parameter>(parameters));
    requireRules(whole, rules);
    Map<Hyperparameters, List<Parameter>> members = new LinkedHashMap<>();
    for (Parameter parameter : whole.parameters) {
      if (Arrays.stream(rules).anyMatch(r -> r.freezes() && r.appliesTo(parameter.name()))) {
        continue;
      }
      Hyperparameters own = base;
      for (NameRule rule : rules) {
        own = rule.appliesTo(parameter.name()) ? rule.change(own) : own;
      }
      members.computeIfAbsent(own, key -> new ArrayList<>()).add(parameter);
    }
    if (members.isEmpty()) {
      throw new IllegalArgumentException(
          "group %s: its rules freeze all parameters; leave one to train".formatted(name));
    }
    List<ParameterGroup> groups = new ArrayList<>();
    members.forEach((own, list) -> groups.add(new ParameterGroup(whole.nameOf(own), own, list)));
    return groups;
  }

  /** {@return the number of elements of each parameter} */
  public long[] counts() {
    return parameters.stream().mapToLong(Parameter::count).toArray();
  }

  private static void requireRules(ParameterGroup whole, NameRule... rules) {
    if (rules == null) {
      throw new IllegalArgumentException("group " + whole.name + ": rules: null");
    }
    for (NameRule rule : rules) {
      if (rule == null) {
        throw new IllegalArgumentException("group " + whole.name + ": rules: one is null");
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
