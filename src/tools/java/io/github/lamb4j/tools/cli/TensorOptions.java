package io.github.lamb4j.tools.cli;

import io.github.lamb4j.model.NameRule;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of {@code lamb step} that select tensors by their names. */
final class TensorOptions {

  @Option(
      names = "--no-decay",
      paramLabel = "REGEX",
      description = "No weight decay for tensors whose names contain a match. May be repeated.")
  private List<String> noDecay = List.of();

  @Option(
      names = "--no-adapt",
      paramLabel = "REGEX",
      description = "Trust ratio 1 for tensors whose names contain a match. May be repeated.")
  private List<String> noAdapt = List.of();

  /**
   * The expressions, compiled.
   *
   * @param undecayed exclude tensors from weight decay
   * @param unadapted exclude tensors from layer adaptation
   */
  record Rules(List<NameExpression> undecayed, List<NameExpression> unadapted) {

    boolean decays(String name) {
      return undecayed.stream().noneMatch(expression -> expression.appliesTo(name));
    }

    boolean adapts(String name) {
      return unadapted.stream().noneMatch(expression -> expression.appliesTo(name));
    }
  }

  /**
   * Compiles the expressions.
   *
   * @throws BadInput if one is not a regular expression
   */
  Rules rules() {
    return new Rules(
        NameExpression.all("--no-decay", noDecay, NameRule::noDecay),
        NameExpression.all("--no-adapt", noAdapt, NameRule::noAdaptation));
  }
}
