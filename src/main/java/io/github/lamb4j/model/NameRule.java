package io.github.lamb4j.model;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Excludes parameters from weight decay, layer adaptation or training by name. A rule applies to
 * every parameter whose name contains a match of its regular expression: {@code "bias|LayerNorm"}
 * matches {@code "encoder.0.LayerNorm.weight"}. Used by {@link ParameterGroup#split} and {@code
 * LambBuilder.groups}.
 */
public final class NameRule {

  /** What a rule disables. */
  private enum Effect {
    NO_DECAY("no decay"),
    NO_ADAPTATION("no adaptation"),
    FROZEN("frozen");

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
      throw new IllegalArgumentException(effect.text + ": regular expression is null");
    }
    try {
      pattern = Pattern.compile(regex);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "%s \"%s\": not a regular expression: %s; quote literal text with Pattern.quote"
              .formatted(effect.text, regex, e.getDescription()),
          e);
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(
          effect.text + ": compiling the regular expression overflows the stack; simplify it", e);
    }
    if (pattern.matcher("").find()) { // for example because of an empty alternative: "bias|"
      throw new IllegalArgumentException(
          this + ": matches the empty string; correct it, or use \".\" to match all names");
    }
  }

  /**
   * {@return a rule that disables weight decay} With {@link LayerAdaptation#WITH_DECAY}, this also
   * disables layer adaptation.
   *
   * @param regex a {@link Pattern}
   * @throws IllegalArgumentException if the expression is null or invalid, or matches the empty
   *     string
   */
  public static NameRule noDecay(String regex) {
    return new NameRule(Effect.NO_DECAY, regex);
  }

  /**
   * {@return a rule that disables layer adaptation} The trust ratio is 1, as with {@link
   * LayerAdaptation#NEVER}.
   *
   * @param regex a {@link Pattern}
   * @throws IllegalArgumentException if the expression is null or invalid, or matches the empty
   *     string
   */
  public static NameRule noAdaptation(String regex) {
    return new NameRule(Effect.NO_ADAPTATION, regex);
  }

  /**
   * {@return a rule that disables training} A frozen parameter belongs to no group: it has no state
   * and takes no part in the gradient norm. {@code Lamb.freeze} freezes parameters for a part of
   * the run.
   *
   * @param regex a {@link Pattern}
   * @throws IllegalArgumentException if the expression is null or invalid, or matches the empty
   *     string
   */
  public static NameRule frozen(String regex) {
    return new NameRule(Effect.FROZEN, regex);
  }

  /** Whether the rule disables training. */
  boolean freezes() {
    return effect == Effect.FROZEN;
  }

  /**
   * Whether the name contains a match.
   *
   * @param name a parameter's name
   * @return whether the rule applies
   * @throws IllegalArgumentException if matching overflows the stack
   */
  public boolean appliesTo(String name) {
    try {
      return pattern.matcher(name).find();
    } catch (StackOverflowError e) { // Pattern recurses for each repetition of a group
      throw new IllegalArgumentException(
          this + ": matching overflows the stack; simplify the expression", e);
    }
  }

  Hyperparameters change(Hyperparameters h) {
    return switch (effect) {
      case NO_DECAY -> h.withWeightDecay(0);
      case NO_ADAPTATION -> h.withLayerAdaptation(LayerAdaptation.NEVER);
      case FROZEN -> h;
    };
  }

  /** Rejects a rule without a match, because it is most likely misspelled. */
  void requireUse(String group, List<Parameter> parameters) {
    if (parameters.stream().noneMatch(p -> appliesTo(p.name()))) {
      throw new IllegalArgumentException(
          "group %s: %s matches none of its %d parameters, the first of which is %s; correct the expression or remove the rule"
              .formatted(group, this, parameters.size(), parameters.get(0).name()));
    }
  }

  /** The effect and the expression, as in error messages. */
  @Override
  public String toString() {
    return "%s \"%s\"".formatted(effect.text, pattern.pattern());
  }
}
