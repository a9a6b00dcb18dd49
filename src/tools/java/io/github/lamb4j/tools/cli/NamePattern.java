package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.files.Printable;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression that is searched for in names.
 *
 * @param option the option that gave it, for messages
 */
record NamePattern(String option, Pattern pattern) {

  /**
   * Compiles what an option was given.
   *
   * @throws BadInput if an expression is none
   */
  static List<NamePattern> all(String option, List<String> expressions) {
    return expressions.stream().map(expression -> of(option, expression)).toList();
  }

  private static NamePattern of(String option, String expression) {
    // What Java makes of an argument that the locale cannot hold; no name would ever match it.
    if (expression.indexOf('\uFFFD') >= 0) {
      throw new BadInput(
          "%s %s: not text in this locale; set LC_ALL=C.UTF-8".formatted(option, expression));
    }
    try {
      return new NamePattern(option, Pattern.compile(expression));
    } catch (PatternSyntaxException e) {
      throw new BadInput(
          option + " " + expression + ": not a regular expression: " + e.getDescription());
    } catch (StackOverflowError e) {
      throw tooDeep(option, expression);
    }
  }

  /**
   * Whether it is found in a name.
   *
   * @throws BadInput if finding out takes more stack than there is
   */
  boolean isIn(String name) {
    try {
      return pattern.matcher(name).find();
    } catch (StackOverflowError e) {
      throw tooDeep(option, pattern.pattern());
    }
  }

  // Java's matcher calls itself for each repetition of a group.
  private static BadInput tooDeep(String option, String expression) {
    return new BadInput(
        "%s %s: takes more stack than there is; simplify it"
            .formatted(option, Printable.value(expression)));
  }
}
