package io.github.lamb4j.mutation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The outcomes so far, in a file. An interrupted run continues from there; a run of other kernels
 * or with another seed starts again.
 */
final class Progress {

  private final Path file;
  private final Map<Integer, Outcome> outcomes = new LinkedHashMap<>();

  /**
   * Opens the file.
   *
   * @param run identifies the run that the outcomes belong to
   * @param forgetSurvivors whether to try surviving mutants again, for example with new tests
   */
  Progress(Path file, String run, boolean forgetSurvivors) throws IOException {
    this.file = file;
    List<String> kept = new ArrayList<>(List.of(run));
    List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
    if (!lines.isEmpty() && lines.get(0).equals(run)) {
      for (String line : lines.subList(1, lines.size())) {
        Outcome outcome = Outcome.parse(line);
        if (!forgetSurvivors || outcome.fate() != Outcome.Fate.SURVIVED) {
          outcomes.put(outcome.mutant(), outcome);
          kept.add(line);
        }
      }
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.write(file, kept);
  }

  void add(Outcome outcome) {
    outcomes.put(outcome.mutant(), outcome);
    try {
      Files.writeString(file, outcome.line() + "\n", StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The outcome of a mutant; null if it was not tried. */
  Outcome of(Mutant mutant) {
    return outcomes.get(mutant.id());
  }
}
