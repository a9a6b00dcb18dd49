package io.github.lamb4j.model;

import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Which parameters go without weight decay, or without layer adaptation, by a regular expression
 * that is searched for in their names: {@code "bias|LayerNorm"} is found in {@code
 * "encoder.0.LayerNorm.weight"}. For {@link ParameterGroup#split} and {@link LambBuilder#groups}.
 */
public final class NameRule {

  /** What a rule takes from a group. */
  private enum Effect {
    NO_DECAY("no decay"),
    NO_ADAPTATION("no adaptation");

    private final String text;

    Effect(String text) {
      this.text = text;
    }
  }

  private final Effect effect;
  private final Pattern pattern;

  private NameRule(Effect effect, String regex) {
    this.effect = effect;
    if (regex == null) {
      throw new IllegalArgumentException(effect.text + ": the regular expression is null");
    }
    try {
      pattern = Pattern.compile(regex);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "%s \"%s\": not a regular expression: %s; quote literal text by Pattern.quote"
              .formatted(effect.text, regex, e.getDescription()),
          e);
    }
  }

  /**
   * No weight decay. With {@link LayerAdaptation#WITH_DECAY} no adaptation either, as always.
   *
   * @param regex as in {@link Pattern}
   * @throws IllegalArgumentException if it is not a regular expression
   */
  public static NameRule noDecay(String regex) {
    return new NameRule(Effect.NO_DECAY, regex);
  }

  /**
   * {@link LayerAdaptation#NEVER}: trust ratio 1.
   *
   * @param regex as in {@link Pattern}
   * @throws IllegalArgumentException if it is not a regular expression
   */
  public static NameRule noAdaptation(String regex) {
    return new NameRule(Effect.NO_ADAPTATION, regex);
  }

  /** Whether the expression is found in a name. */
  boolean appliesTo(String name) {
    try {
      return pattern.matcher(name).find();
    } catch (StackOverflowError e) { // the matcher calls itself for each repetition of a group
      throw new IllegalArgumentException(this + ": takes more stack than there is; simplify it");
    }
  }

  Hyperparameters change(Hyperparameters h) {
    return switch (effect) {
      case NO_DECAY -> h.withWeightDecay(0);
      case NO_ADAPTATION -> h.withLayerAdaptation(LayerAdaptation.NEVER);
    };
  }

  /** A rule that is found nowhere is most often a misspelt one. */
  void requireUse(String group, List<Parameter> parameters) {
    if (parameters.stream().noneMatch(p -> appliesTo(p.name()))) {
      throw new IllegalArgumentException(
          "group %s: %s is found in none of its %d parameter names, the first of them %s; correct the expression or leave the rule out"
              .formatted(group, this, parameters.size(), parameters.get(0).name()));
    }
  }

  @Override
  public String toString() {
    return "%s \"%s\"".formatted(effect.text, pattern.pattern());
  }
}
