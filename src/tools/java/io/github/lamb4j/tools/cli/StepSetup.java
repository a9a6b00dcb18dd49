package io.github.lamb4j.tools.cli;

import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.engine.SavedGroup;
import io.github.lamb4j.internal.engine.StateMetadata;
import io.github.lamb4j.internal.engine.StepCounts;
import io.github.lamb4j.model.NameRule;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.Scalar;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * The optimizer of a run.
 *
 * @param groups in the order of sums
 * @param saved the group of the state that each group comes from; empty in a new run
 * @param preset the name of the preset that it started from; "none" if there was none
 * @param maxGradNorm the norm that gradients are clipped to
 * @param gradScale the scale of the gradients
 * @param policy what is done with gradients that are not finite
 * @param clippingOrigin why gradients are clipped, for a message; empty if it was an option
 */
record StepSetup(
    List<ParameterGroup> groups,
    List<SavedGroup> saved,
    String preset,
    OptionalDouble maxGradNorm,
    double gradScale,
    NonFiniteGradients policy,
    String clippingOrigin) {

  /** The key of the preset's name in a state's metadata. */
  static final String PRESET = "preset";

  /** The key of the scale of the gradients in a state's metadata. */
  static final String GRAD_SCALE = "grad_scale";

  private static final String GROUP = "model";

  /** The optimizer of a new run. */
  static StepSetup fresh(
      OptimizerOptions optimizer,
      GradientOptions gradients,
      TensorOptions.Rules rules,
      LearningRates rates,
      List<Parameter> parameters) {
    NameRule[] nameRules =
        Stream.concat(rules.undecayed().stream(), rules.unadapted().stream())
            // An expression may apply to frozen tensors only.
            .filter(expression -> parameters.stream().anyMatch(p -> expression.appliesTo(p.name())))
            .map(NameExpression::rule)
            .toArray(NameRule[]::new);
    boolean given = gradients.maxGradNorm() != null;
    String preset = PresetOption.nameOf(optimizer.preset());
    return new StepSetup(
        ParameterGroup.split(GROUP, optimizer.hyperparameters(rates), parameters, nameRules),
        List.of(),
        preset,
        given ? gradients.maxGradNorm() : optimizer.preset().maxGradNorm(),
        gradients.gradScale() == null ? 1 : gradients.gradScale(),
        gradients.policy() == null ? NonFiniteGradients.PROPAGATE : gradients.policy(),
        given ? "" : " (--preset " + preset + ")");
  }

  /** Passes everything on. */
  void configure(LambBuilder builder) {
    groups.forEach(builder::group);
    maxGradNorm.ifPresent(builder::maxGradNorm);
    builder.lossScale(Scalar.of(gradScale));
    // A failing command writes nothing, so it only has to see that the step was skipped.
    builder.nonFiniteGradients(
        policy == NonFiniteGradients.FAIL ? NonFiniteGradients.SKIP : policy);
  }

  /**
   * Each group's counts after the last step.
   *
   * @param lastRate the learning rate of the last step taken by this call, if there is one
   */
  StepCounts counts(long step, long stepBefore, long skipped, OptionalDouble lastRate) {
    List<StepCounts.Group> counts = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      long missed = saved.isEmpty() ? 0 : stepBefore - saved.get(g).steps();
      OptionalDouble before = saved.isEmpty() ? OptionalDouble.empty() : saved.get(g).lastRate();
      counts.add(new StepCounts.Group(step - missed, lastRate.orElse(before.orElse(Double.NaN))));
    }
    return new StepCounts(step, skipped, counts);
  }

  /** Whether updates have a second term. */
  boolean isLans() {
    return groups.stream().anyMatch(g -> g.hyperparameters().updateRule() == UpdateRule.LANS);
  }

  /** The metadata of the state. */
  Map<String, String> metadata(StepCounts counts) {
    Map<String, String> metadata = StateMetadata.of(groups, maxGradNorm, policy, counts);
    metadata.put(PRESET, preset);
    metadata.put(GRAD_SCALE, Double.toString(gradScale));
    return metadata;
  }

  /** The decay and adaptation of a group, in one line. */
  static String describe(Hyperparameters own) {
    return "weight decay %s, layer adaptation %s"
        .formatted(own.weightDecay(), own.isAdapted() ? "on" : "off");
  }

  /** Whether gradients of this norm are clipped. One that is not finite cannot be. */
  boolean clips(double norm) {
    return maxGradNorm.isPresent() && norm > maxGradNorm.getAsDouble() && Double.isFinite(norm);
  }

  /** The clipping in one line. */
  String clipping() {
    String effect = isLans() ? ", without effect: LANS normalizes each" : "";
    return "gradients clipped to norm " + maxGradNorm.getAsDouble() + clippingOrigin + effect;
  }
}
