package io.github.lamb4j.tools.cli;

import io.github.lamb4j.model.NameRule;
import java.util.List;
import java.util.Optional;
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

  @Option(
      names = "--frozen",
      paramLabel = "REGEX",
      description =
          "Do not train tensors whose names contain a match: they need no gradients and stay"
              + " unchanged, without state or part in any norm. May be repeated.")
  private List<String> frozen = List.of();

  @Option(
      names = "--freeze-missing",
      description = "Do not train tensors without gradients, and list them.")
  private boolean freezeMissing;

  /**
   * The expressions, compiled.
   *
   * @param undecayed exclude tensors from weight decay
   * @param unadapted exclude tensors from layer adaptation
   * @param frozen exclude tensors from training
   * @param freezeMissing whether tensors without gradients are frozen
   */
  record Rules(
      List<NameExpression> undecayed,
      List<NameExpression> unadapted,
      List<NameExpression> frozen,
      boolean freezeMissing) {

    boolean decays(String name) {
      return undecayed.stream().noneMatch(expression -> expression.appliesTo(name));
    }

    boolean adapts(String name) {
      return unadapted.stream().noneMatch(expression -> expression.appliesTo(name));
    }

    /** The first expression that freezes a tensor. */
    Optional<NameExpression> freezing(String name) {
      return frozen.stream().filter(expression -> expression.appliesTo(name)).findFirst();
    }

    /**
     * Refuses expressions that apply to nothing.
     *
     * @throws BadInput naming the first
     */
    void requireUse(List<String> names) {
      undecayed.forEach(expression -> expression.requireUse(names));
      unadapted.forEach(expression -> expression.requireUse(names));
      frozen.forEach(expression -> expression.requireUse(names));
    }
  }

  /**
   * Compiles the expressions.
   *
   * @throws BadInput if one is not a regular expression, or matches the empty string
   */
  Rules rules() {
    return new Rules(
        NameExpression.all("--no-decay", noDecay, NameRule::noDecay),
        NameExpression.all("--no-adapt", noAdapt, NameRule::noAdaptation),
        NameExpression.all("--frozen", frozen, NameRule::frozen),
        freezeMissing);
  }
}
