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
   * @throws BadInput if one is not a regular expression
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
      throw tooDeep(option, text);
    }
  }

  /**
   * Whether it applies to a tensor.
   *
   * @throws BadInput if matching takes more stack than there is
   */
  boolean appliesTo(String name) {
    try {
      return rule.appliesTo(name);
    } catch (IllegalArgumentException e) {
      throw tooDeep(option, text);
    }
  }

  private static BadInput tooDeep(String option, String text) {
    return new BadInput(
        "%s %s: takes more stack than there is; simplify it"
            .formatted(option, Printable.value(text)));
  }
}
