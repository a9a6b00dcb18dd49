package io.github.lamb4j.tools.cli;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.model.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options of {@code lamb step} that choose parameters by their names. */
final class GroupOptions {

  @Option(
      names = "--no-decay",
      paramLabel = "REGEX",
      description = "No weight decay for parameters in whose name this is found. May be repeated.")
  private List<String> noDecay = List.of();

  @Option(
      names = "--no-adapt",
      paramLabel = "REGEX",
      description = "Trust ratio 1 for parameters in whose name this is found. May be repeated.")
  private List<String> noAdapt = List.of();

  /** The expressions, compiled. */
  record Selection(List<NamePattern> undecayed, List<NamePattern> unadapted) {

    /** One group for each pair of switches that some parameter has, in the parameters' order. */
    Map<Hyperparameters, List<Parameter>> groups(
        List<? extends Parameter> parameters, Hyperparameters base) {
      Map<Hyperparameters, List<Parameter>> groups = new LinkedHashMap<>();
      for (Parameter parameter : parameters) {
        groups.computeIfAbsent(of(parameter.name(), base), key -> new ArrayList<>()).add(parameter);
      }
      return groups;
    }

    private Hyperparameters of(String name, Hyperparameters base) {
      Hyperparameters own = base;
      if (undecayed.stream().anyMatch(p -> p.isIn(name))) {
        own = own.withWeightDecay(0);
      }
      boolean adapted = own.isAdapted() && unadapted.stream().noneMatch(p -> p.isIn(name));
      // Two ways to have no trust ratio, its own or for want of weight decay, are one group.
      return own.withLayerAdaptation(adapted ? LayerAdaptation.ALWAYS : LayerAdaptation.NEVER);
    }
  }

  /**
   * Compiles the expressions.
   *
   * @throws BadInput if one is none
   */
  Selection selection() {
    return new Selection(
        NamePattern.all("--no-decay", noDecay), NamePattern.all("--no-adapt", noAdapt));
  }

  /** Says what it is in the state's metadata. */
  void describe(Map<String, String> metadata) {
    metadata.put("no_decay", String.join("\n", noDecay));
    metadata.put("no_adapt", String.join("\n", noAdapt));
  }
}
