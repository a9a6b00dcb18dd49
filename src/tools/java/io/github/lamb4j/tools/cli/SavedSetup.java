package io.github.lamb4j.tools.cli;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.engine.SavedGroup;
import io.github.lamb4j.internal.engine.StateMetadata;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The optimizer that a state was written with, to go on with. The command line adds learning rates.
 */
final class SavedSetup {

  private final String state;
  private final StateMetadata saved;

  SavedSetup(Path state, StateMetadata saved) {
    this.state = Printable.path(state);
    this.saved = saved;
  }

  /**
   * The optimizer.
   *
   * @throws BadInput if the state has a parameter that the model does not have
   */
  StepSetup resume(
      OptimizerOptions optimizer,
      GradientOptions gradients,
      LearningRates rates,
      List<Parameter> parameters) {
    Map<String, Parameter> byName = new HashMap<>();
    parameters.forEach(parameter -> byName.put(parameter.name(), parameter));
    List<ParameterGroup> groups = new ArrayList<>();
    for (SavedGroup group : saved.groups()) {
      List<Parameter> members = new ArrayList<>();
      for (String name : group.parameters()) {
        members.add(member(name, byName));
      }
      Hyperparameters own = optimizer.applyTo(group.hyperparameters(), "the state");
      groups.add(new ParameterGroup(group.name(), own.withLearningRate(rates), members));
    }
    boolean givesNorm = gradients.maxGradNorm() != null;
    double scale = saved.extra(StepSetup.GRAD_SCALE).map(Double::parseDouble).orElse(1.0);
    return new StepSetup(
        groups,
        saved.extra(StepSetup.PRESET).orElse("none"),
        givesNorm ? gradients.maxGradNorm() : saved.maxGradNorm(),
        gradients.gradScale() == null ? scale : gradients.gradScale(),
        gradients.policy() == null ? saved.nonFiniteGradients() : gradients.policy(),
        givesNorm ? "" : " (" + state + ")");
  }

  private Parameter member(String name, Map<String, Parameter> byName) {
    Parameter parameter = byName.get(name);
    if (parameter == null) {
      throw new BadInput(
          "%s: parameter %s is not in the model; give the model that the state was written for"
              .formatted(state, Printable.value(name)));
    }
    return parameter;
  }
}
