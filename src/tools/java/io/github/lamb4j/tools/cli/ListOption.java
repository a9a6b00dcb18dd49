package io.github.lamb4j.tools.cli;

/** Options with a list of values. */
final class ListOption {

  /**
   * Splits at commas except the last character: {@code String.split} would drop the empty value
   * after it, which comes from an unset shell variable and must be refused.
   */
  static final String COMMA = ",(?!$)";

  private ListOption() {}
}
