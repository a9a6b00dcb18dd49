package io.github.lamb4j.internal.engine;

import static io.github.lamb4j.internal.files.Printable.value;

import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.safetensors.SafetensorsException;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Compares saved metadata with an optimizer, parameter by parameter. */
final class StateFit {

  /** The learning rate that an optimizer would use for a step of a group. */
  @FunctionalInterface
  interface RateLookup {
    /** Looks it up. */
    double at(int group, long step);
  }

  private final Path path;
  private final StateMetadata saved;

  StateFit(Path path, StateMetadata saved) {
    this.path = path;
    this.saved = saved;
  }

  /** By group of an optimizer that fits, the optimizer's step at which it was added. */
  long[] began(List<ParameterGroup> here) {
    return here.stream().mapToLong(group -> saved.step() - first(group).steps()).toArray();
  }

  /** By group of an optimizer that fits, the learning rate of its last step; NaN without one. */
  double[] lastRates(List<ParameterGroup> here) {
    return here.stream().mapToDouble(g -> first(g).lastRate().orElse(Double.NaN)).toArray();
  }

  private SavedGroup first(ParameterGroup group) {
    return saved.members().get(group.parameters().get(0).name());
  }

  /**
   * Refuses other parameters, and a group of parameters that have taken different numbers of steps.
   * Otherwise groups and order may differ.
   *
   * @throws IllegalArgumentException naming the first that differs
   */
  void requireMembers(List<ParameterGroup> here) throws SafetensorsException {
    if (saved.bare()) {
      throw saved.notAState();
    }
    Map<String, String> own = new LinkedHashMap<>();
    here.forEach(group -> group.parameters().forEach(p -> own.put(p.name(), group.name())));
    saved
        .members()
        .forEach(
            (parameter, group) -> {
              if (!own.containsKey(parameter)) {
                throw unfit(
                    "parameter %s was in group %s and is not in this optimizer; build with it, and remove it after loading"
                        .formatted(value(parameter), value(group.name())));
              }
            });
    own.forEach(
        (parameter, group) -> {
          if (!saved.members().containsKey(parameter)) {
            throw unfit(
                "parameter %s (group %s) is not in the state; load before addGroup(...), or build without it"
                    .formatted(value(parameter), value(group)));
          }
        });
    here.forEach(this::requireOneStepCount);
  }

  private void requireOneStepCount(ParameterGroup group) {
    String name = group.parameters().get(0).name();
    for (Parameter parameter : group.parameters()) {
      long steps = saved.members().get(parameter.name()).steps();
      if (steps != first(group).steps()) {
        throw unfit(
            "group %s: parameter %s has taken %d steps and parameter %s %d, but a group has one step count; build with them in different groups"
                .formatted(
                    value(group.name()),
                    value(name),
                    first(group).steps(),
                    value(parameter.name()),
                    steps));
      }
    }
  }

  /**
   * Refuses other hyperparameters of a parameter, and another clipping norm or policy. The
   * parameters must be those of the file.
   *
   * @throws IllegalArgumentException naming the first that differs
   */
  void requireHyperparameters(
      List<ParameterGroup> here, OptionalDouble maxNorm, NonFiniteGradients policy) {
    requireSame(
        "maxGradNorm", StateMetadata.text(saved.maxGradNorm()), StateMetadata.text(maxNorm));
    requireSame("nonFiniteGradients", saved.nonFiniteGradients(), policy);
    for (ParameterGroup group : here) {
      for (Parameter parameter : group.parameters()) {
        SavedGroup before = saved.members().get(parameter.name());
        for (SavedHyperparameter each : SavedHyperparameter.values()) {
          requireSame(
              place(before, group, parameter) + each.label(),
              each.of(before.hyperparameters()),
              each.of(group.hyperparameters()));
        }
      }
    }
  }

  /**
   * Refuses an optimizer that would use another learning rate for a parameter's last step.
   *
   * @throws IllegalArgumentException naming the first that differs
   */
  void requireLearningRates(List<ParameterGroup> here, RateLookup rates) {
    for (int g = 0; g < here.size(); g++) {
      ParameterGroup group = here.get(g);
      long steps = first(group).steps();
      if (steps == 0) {
        continue;
      }
      double own = rates.at(g, steps);
      for (Parameter parameter : group.parameters()) {
        SavedGroup before = saved.members().get(parameter.name());
        double rate = before.lastRate().getAsDouble();
        if (rate != own) {
          throw unfit(
              "%slearningRate of step %d was %s and is %s here; build with the saved schedule, call setLearningRate(%s, %s) before loading, or load with LoadOption.%s"
                  .formatted(
                      place(before, group, parameter),
                      steps,
                      rate,
                      own,
                      value(group.name()),
                      rate,
                      LoadOption.OTHER_LEARNING_RATE));
        }
      }
    }
  }

  /**
   * Refuses weights that differ from those of the file, if it has their checksums.
   *
   * @throws IllegalArgumentException naming the first parameter whose weights differ
   */
  void requireWeights(WeightChecksums weights) {
    saved
        .weightChecksums()
        .forEach(
            (parameter, before) -> {
              String here = weights.of(parameter).orElse(before);
              if (!here.equals(before)) {
                throw unfit(
                    "the weights of parameter %s are not those of the saved step: their CRC-32C was %s and is %s here; restore the weights before loading, or load with LoadOption.%s"
                        .formatted(
                            value(parameter), value(before), here, LoadOption.OTHER_WEIGHTS));
              }
            });
  }

  /** The group for a message, and the parameter if groups are not those of the file. */
  private static String place(SavedGroup before, ParameterGroup group, Parameter parameter) {
    return before.name().equals(group.name())
        ? "group %s: ".formatted(value(group.name()))
        : "group %s: parameter %s: ".formatted(value(group.name()), value(parameter.name()));
  }

  private void requireSame(String what, Object before, Object here) {
    if (!before.equals(here)) {
      throw unfit(
          "%s was %s and is %s here; build with the saved value, or load with LoadOption.%s"
              .formatted(what, before, here, LoadOption.OTHER_HYPERPARAMETERS));
    }
  }

  private IllegalArgumentException unfit(String problem) {
    return StateFile.unfit(path, problem);
  }
}
