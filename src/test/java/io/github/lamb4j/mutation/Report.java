package io.github.lamb4j.mutation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The report of a run, in Markdown. */
final class Report {

  private static final String REST = "";

  private final List<Mutant> sample;
  private final int population;
  private final Progress progress;
  private final String run;

  /** Survivors by the reason why they are equivalent; REST for those without one. */
  private final Map<String, List<Mutant>> survivors = new TreeMap<>();

  Report(List<Mutant> sample, int population, Progress progress, String run) {
    this.sample = sample;
    this.population = population;
    this.progress = progress;
    this.run = run;
    for (Mutant mutant : sample) {
      if (fate(mutant) == Outcome.Fate.SURVIVED) {
        String reason = Equivalents.reason(mutant).orElse(REST);
        survivors.computeIfAbsent(reason, r -> new ArrayList<>()).add(mutant);
      }
    }
  }

  private Outcome.Fate fate(Mutant mutant) {
    return progress.of(mutant).fate();
  }

  private static double rate(long killed, long missed) {
    return killed + missed == 0 ? 1 : (double) killed / (killed + missed);
  }

  private boolean isMissed(Mutant mutant) {
    return survivors.getOrDefault(REST, List.of()).contains(mutant);
  }

  private long killed(List<Mutant> mutants) {
    return mutants.stream().filter(m -> fate(m) == Outcome.Fate.KILLED).count();
  }

  /** The fraction of killed mutants among those that change the behavior. */
  double rate() {
    return rate(killed(sample), survivors.getOrDefault(REST, List.of()).size());
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("# Mutants of the kernels (%s)".formatted(run));
    lines.add("");
    lines.add(
        "%d of %d mutants, each with one instruction changed. The tests find %s of those that change the behavior."
            .formatted(sample.size(), population, percent(rate())));
    addTable(lines, "kernel", Mutant::kernel);
    addTable(lines, "kind", m -> m.kind() + ": " + m.kind().description);
    addWays(lines);
    survivors.forEach((reason, mutants) -> addSurvivors(lines, reason, mutants));
    return lines;
  }

  private static String percent(double rate) {
    return String.format(Locale.ROOT, "%.1f%%", 100 * rate);
  }

  private void addTable(List<String> lines, String title, Function<Mutant, String> key) {
    Map<String, List<Mutant>> rows = new LinkedHashMap<>();
    sample.stream()
        .filter(m -> fate(m) != Outcome.Fate.INVALID)
        .forEach(m -> rows.computeIfAbsent(key.apply(m), k -> new ArrayList<>()).add(m));
    lines.addAll(
        Arrays.asList(
            "",
            "| %s | mutants | killed | equivalent | missed | found |".formatted(title),
            "|---|---|---|---|---|---|"));
    Map<String, List<Mutant>> all = new LinkedHashMap<>(rows);
    all.put("all", rows.values().stream().flatMap(List::stream).toList());
    all.forEach(
        (name, mutants) -> {
          long killed = killed(mutants);
          long missed = mutants.stream().filter(this::isMissed).count();
          lines.add(
              "| %s | %d | %d | %d | %d | %s |"
                  .formatted(
                      name,
                      mutants.size(),
                      killed,
                      mutants.size() - killed - missed,
                      missed,
                      percent(rate(killed, missed))));
        });
  }

  private void addWays(List<String> lines) {
    Map<String, Integer> ways = new TreeMap<>();
    for (Mutant mutant : sample) {
      if (fate(mutant) == Outcome.Fate.KILLED) {
        ways.merge(progress.of(mutant).how(), 1, Integer::sum);
      }
    }
    lines.addAll(List.of("", "| killed by | mutants |", "|---|---|"));
    ways.forEach((way, count) -> lines.add("| %s | %d |".formatted(way, count)));
  }

  private void addSurvivors(List<String> lines, String reason, List<Mutant> mutants) {
    lines.add("");
    lines.add("## " + (reason.equals(REST) ? "Missed" : "Equivalent"));
    lines.add("");
    if (!reason.equals(REST)) {
      lines.addAll(List.of(reason, ""));
    }
    for (Mutant m : mutants) {
      lines.add(
          "- %s, line %d: `%s` -> `%s`"
              .formatted(
                  m.kernel(),
                  m.line() + 1,
                  m.before().strip().replace('\t', ' '),
                  m.after().strip().replace('\t', ' ')));
    }
  }
}
