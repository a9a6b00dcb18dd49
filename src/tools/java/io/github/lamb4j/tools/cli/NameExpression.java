package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.model.NameRule;
import java.util.List;
import java.util.function.Function;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of an option. It applies to the tensors whose names contain a match.
 *
 * @param option the option, for messages
 * @param text the expression
 * @param rule the library's rule for it
 */
record NameExpression(String option, String text, NameRule rule) {

  /**
   * Compiles the expressions of an option.
   *
   * @throws BadInput if one is not a regular expression, or matches the empty string
   */
  static List<NameExpression> all(
      String option, List<String> expressions, Function<String, NameRule> rule) {
    return expressions.stream().map(text -> of(option, text, rule)).toList();
  }

  private static NameExpression of(String option, String text, Function<String, NameRule> rule) {
    // Java's replacement for an argument that the locale cannot represent; it matches no name.
    if (text.indexOf('\uFFFD') >= 0) {
      throw new BadInput(
          "%s %s: not text in this locale; set LC_ALL=C.UTF-8".formatted(option, text));
    }
    try {
      return new NameExpression(option, text, rule.apply(text));
    } catch (IllegalArgumentException e) {
      if (e.getCause() instanceof PatternSyntaxException syntax) {
        throw new BadInput(
            option + " " + text + ": not a regular expression: " + syntax.getDescription());
      }
      if (e.getCause() instanceof StackOverflowError) {
        throw tooDeep(option, text);
      }
      throw new BadInput(
          "%s %s: matches the empty string; correct it, or use . to match all names"
              .formatted(option, Printable.value(text)));
    }
  }

  /**
   * Whether it applies to a tensor.
   *
   * @throws BadInput if matching overflows the stack
   */
  boolean appliesTo(String name) {
    try {
      return rule.appliesTo(name);
    } catch (IllegalArgumentException e) {
      throw tooDeep(option, text);
    }
  }

  /**
   * Refuses an expression that applies to nothing: most often it is misspelled.
   *
   * @throws BadInput if it does not apply to any of the tensors
   */
  void requireUse(List<String> names) {
    if (names.stream().noneMatch(this::appliesTo)) {
      throw new BadInput(
          "%s %s: matches none of %d tensors, the first of which is %s; correct it or leave it out"
              .formatted(
                  option, Printable.value(text), names.size(), Printable.value(names.get(0))));
    }
  }

  private static BadInput tooDeep(String option, String text) {
    return new BadInput(
        "%s %s: overflows the stack; simplify it".formatted(option, Printable.value(text)));
  }

  /** The option as it was given. */
  @Override
  public String toString() {
    return option + " " + Printable.value(text);
  }
}
