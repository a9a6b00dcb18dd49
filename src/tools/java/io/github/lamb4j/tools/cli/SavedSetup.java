package io.github.lamb4j.tools.cli;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.engine.SavedGroup;
import io.github.lamb4j.internal.engine.StateMetadata;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * The optimizer that a state was written with. Options that are not given take their values from
 * it; options that contradict it are refused, or override it if the command line says so.
 */
final class SavedSetup {

  private final String state;
  private final StateMetadata saved;
  private final OptimizerOptions optimizer;
  private final GradientOptions gradients;
  private final TensorOptions.Rules rules;
  private final boolean override;

  SavedSetup(
      Path state,
      StateMetadata saved,
      OptimizerOptions optimizer,
      GradientOptions gradients,
      TensorOptions.Rules rules,
      boolean override) {
    this.state = Printable.path(state);
    this.saved = saved;
    this.optimizer = optimizer;
    this.gradients = gradients;
    this.rules = rules;
    this.override = override;
  }

  /**
   * The optimizer to continue with.
   *
   * @throws BadInput if an option contradicts the state, or the state has a parameter that the
   *     model does not have
   */
  StepSetup resume(LearningRates rates, List<Parameter> parameters) {
    Map<String, Parameter> byName = new HashMap<>();
    parameters.forEach(parameter -> byName.put(parameter.name(), parameter));
    if (!override) {
      requireNoContradiction();
    }
    List<ParameterGroup> groups = new ArrayList<>();
    List<SavedGroup> origins = new ArrayList<>();
    for (SavedGroup group : saved.groups()) {
      for (ParameterGroup part : parts(group, byName, rates)) {
        groups.add(part);
        origins.add(group);
      }
    }
    if (groups.size() > saved.groups().size()) {
      requireOneStepCount();
    }
    boolean givesNorm = gradients.maxGradNorm() != null;
    return new StepSetup(
        groups,
        origins,
        replacesPreset() ? PresetOption.nameOf(optimizer.preset()) : preset(),
        givesNorm ? gradients.maxGradNorm() : saved.maxGradNorm(),
        gradients.gradScale() == null ? gradScale() : gradients.gradScale(),
        gradients.policy() == null ? saved.nonFiniteGradients() : gradients.policy(),
        givesNorm ? "" : " (" + state + ")");
  }

  /** The parts of a group that have the same hyperparameters: one, unless options divide it. */
  private List<ParameterGroup> parts(
      SavedGroup group, Map<String, Parameter> byName, LearningRates rates) {
    Map<Hyperparameters, List<Parameter>> members = new LinkedHashMap<>();
    for (String name : group.parameters()) {
      Parameter parameter = byName.get(name);
      if (parameter == null) {
        throw new BadInput(
            "%s: parameter %s is not in the model; pass the model that the state was written for"
                .formatted(state, Printable.value(name)));
      }
      members.computeIfAbsent(hyperparameters(group, name), h -> new ArrayList<>()).add(parameter);
    }
    List<ParameterGroup> parts = new ArrayList<>();
    members.forEach(
        (own, list) -> {
          String name = parts.isEmpty() ? group.name() : group.name() + ", part " + parts.size();
          parts.add(new ParameterGroup(name, own.withLearningRate(rates), list));
        });
    return parts;
  }

  private void requireOneStepCount() {
    if (saved.groups().stream().anyMatch(group -> group.steps() != saved.step())) {
      throw new BadInput(
          state
              + ": its groups began at different steps, so --no-decay and --no-adapt cannot divide"
              + " them; leave these options out");
    }
  }

  /** A tensor's hyperparameters: the saved ones, overridden by what is given. */
  private Hyperparameters hyperparameters(SavedGroup group, String tensor) {
    Hyperparameters before = group.hyperparameters();
    Hyperparameters start =
        replacesPreset() ? optimizer.preset().hyperparameters(before.learningRate()) : before;
    Hyperparameters own = optimizer.applyTo(start, state);
    own = own.withWeightDecay(decay(before, start, tensor));
    return own.withLayerAdaptation(adaptation(before, start, tensor));
  }

  private double decay(Hyperparameters before, Hyperparameters start, String tensor) {
    boolean decays =
        rules.undecayed().isEmpty()
            ? before.weightDecay() != 0 || commonDecay() == 0
            : rules.decays(tensor);
    if (!decays) {
      return 0;
    }
    if (optimizer.weightDecay() != null) {
      return optimizer.weightDecay();
    }
    // A decay of 0 is an exclusion that may end only if it was saved: a preset's is meant.
    boolean excluded = start.weightDecay() == 0 && !replacesPreset();
    return excluded ? commonDecay() : start.weightDecay();
  }

  private LayerAdaptation adaptation(Hyperparameters before, Hyperparameters start, String tensor) {
    boolean adapts =
        rules.unadapted().isEmpty()
            ? before.layerAdaptation() != LayerAdaptation.NEVER
                || commonAdaptation() == LayerAdaptation.NEVER
            : rules.adapts(tensor);
    if (!adapts) {
      return LayerAdaptation.NEVER;
    }
    boolean excluded = start.layerAdaptation() == LayerAdaptation.NEVER && !replacesPreset();
    return excluded ? commonAdaptation() : start.layerAdaptation();
  }

  private boolean replacesPreset() {
    return optimizer.givesPreset() && !PresetOption.nameOf(optimizer.preset()).equals(preset());
  }

  private String preset() {
    return saved.extra(StepSetup.PRESET).orElse("none");
  }

  private double gradScale() {
    String text = saved.extra(StepSetup.GRAD_SCALE).orElse("1");
    try {
      double scale = Double.parseDouble(text);
      if (scale > 0 && Double.isFinite(scale)) {
        return scale;
      }
    } catch (NumberFormatException e) {
      // Refused below, like every other text.
    }
    throw new BadInput(
        "%s: metadata \"%s\" is %s: must be a finite number above 0"
            .formatted(state, StepSetup.GRAD_SCALE, Printable.value(text)));
  }

  /** The decay of the tensors that no expression excluded; 0 if the state does not tell. */
  private double commonDecay() {
    return saved.groups().stream()
        .mapToDouble(group -> group.hyperparameters().weightDecay())
        .filter(decay -> decay != 0)
        .findFirst()
        .orElse(0);
  }

  /**
   * The adaptation of the tensors that no expression excluded. If all were excluded, only the
   * preset tells it.
   */
  private LayerAdaptation commonAdaptation() {
    return saved.groups().stream()
        .map(group -> group.hyperparameters().layerAdaptation())
        .filter(adaptation -> adaptation != LayerAdaptation.NEVER)
        .findFirst()
        .or(() -> PresetOption.named(preset()).map(p -> p.hyperparameters(0).layerAdaptation()))
        .orElse(LayerAdaptation.NEVER);
  }

  private void requireNoContradiction() {
    if (replacesPreset()) {
      throw contradiction("--preset " + PresetOption.nameOf(optimizer.preset()), preset());
    }
    for (OptimizerOptions.Setting setting : optimizer.settings()) {
      requireSame(setting);
    }
    OptionalDouble norm = gradients.maxGradNorm();
    if (norm != null && !norm.equals(saved.maxGradNorm())) {
      throw contradiction("--max-grad-norm " + text(norm), text(saved.maxGradNorm()));
    }
    boolean savesScale = saved.extra(StepSetup.GRAD_SCALE).isPresent(); // not by a program
    if (savesScale && gradients.gradScale() != null && gradients.gradScale() != gradScale()) {
      throw contradiction("--grad-scale " + gradients.gradScale(), gradScale());
    }
    NonFiniteGradients policy = gradients.policy();
    if (policy != null && policy != saved.nonFiniteGradients()) {
      throw contradiction("--nonfinite " + lower(policy), lower(saved.nonFiniteGradients()));
    }
    for (SavedGroup group : saved.groups()) {
      group.parameters().forEach(tensor -> requireSame(group, tensor));
    }
  }

  private void requireSame(OptimizerOptions.Setting setting) {
    for (SavedGroup group : saved.groups()) {
      Object before = setting.value().apply(group.hyperparameters());
      if (setting.given() != null && !setting.given().equals(before)) {
        throw setting.given() instanceof Boolean
            ? contradictory(
                setting.flag(setting.given()),
                (Boolean.TRUE.equals(before) ? "with " : "without ") + setting.option())
            : contradiction(setting.option() + " " + setting.given(), before);
      }
    }
  }

  /** Compares decay and adaptation, which differ by tensor. */
  private void requireSame(SavedGroup group, String tensor) {
    Hyperparameters before = group.hyperparameters();
    Hyperparameters now = hyperparameters(group, tensor);
    String quoted = Printable.value(tensor);
    boolean decays = before.weightDecay() != 0;
    if (now.weightDecay() != before.weightDecay()) {
      boolean byName =
          !rules.undecayed().isEmpty() && commonDecay() != 0 && rules.decays(tensor) != decays;
      throw byName
          ? contradiction(
              rules.undecayed().get(0).option(), "tensor %s %s".formatted(quoted, with(decays)))
          : contradiction("--weight-decay " + optimizer.weightDecay(), before.weightDecay());
    }
    boolean adapts = before.layerAdaptation() != LayerAdaptation.NEVER;
    if (now.layerAdaptation() != before.layerAdaptation()) {
      throw contradiction(
          rules.unadapted().get(0).option(), "tensor %s %s".formatted(quoted, adapted(adapts)));
    }
  }

  private static String with(boolean decays) {
    return decays ? "decayed" : "not decayed";
  }

  private static String adapted(boolean adapts) {
    return adapts ? "adapted" : "not adapted";
  }

  private BadInput contradiction(String given, Object before) {
    return contradictory(given, "with " + before);
  }

  private BadInput contradictory(String given, String before) {
    return new BadInput(
        "%s contradicts %s, which was written %s; leave it out, or use --override-state"
            .formatted(given, state, before));
  }

  private static String text(OptionalDouble norm) {
    return norm.isPresent() ? Double.toString(norm.getAsDouble()) : "none";
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Says in one line what the state decides.
   *
   * @param fresh what the command line alone would mean
   */
  String summary(Hyperparameters fresh) {
    List<String> values = new ArrayList<>();
    if (!optimizer.givesPreset()) {
      values.add("preset " + preset());
    }
    for (OptimizerOptions.Setting setting : optimizer.settings()) {
      List<Object> before =
          saved.groups().stream()
              .map(group -> setting.value().apply(group.hyperparameters()))
              .distinct()
              .toList();
      if (setting.given() == null && !before.equals(List.of(setting.value().apply(fresh)))) {
        values.add(
            before.get(0) instanceof Boolean flag && before.size() == 1
                ? setting.flag(flag)
                : setting.option() + " " + join(before));
      }
    }
    List<Object> decays =
        saved.groups().stream()
            .map(group -> (Object) group.hyperparameters().weightDecay())
            .distinct()
            .toList();
    if (optimizer.weightDecay() == null) {
      values.add("--weight-decay " + join(decays));
    }
    if (gradients.maxGradNorm() == null) {
      values.add("--max-grad-norm " + text(saved.maxGradNorm()));
    }
    if (gradients.gradScale() == null && gradScale() != 1) {
      values.add("--grad-scale " + gradScale());
    }
    if (gradients.policy() == null && saved.nonFiniteGradients() != NonFiniteGradients.PROPAGATE) {
      values.add("--nonfinite " + lower(saved.nonFiniteGradients()));
    }
    return "from the state: " + String.join(", ", values);
  }

  private static String join(List<Object> values) {
    return String.join(" or ", values.stream().map(Objects::toString).toList());
  }
}
