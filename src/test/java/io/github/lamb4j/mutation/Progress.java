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
 * The outcomes so far, in a file: a run that was broken off goes on from there, one of other
 * kernels or of another seed starts anew.
 */
final class Progress {

  private final Path file;
  private final Map<Integer, Outcome> outcomes = new LinkedHashMap<>();

  /**
   * Opens it.
   *
   * @param run what the outcomes are of
   * @param forgetSurvivors to try them once more, with a suite that has grown
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

  /** Null if the mutant has not been tried. */
  Outcome of(Mutant mutant) {
    return outcomes.get(mutant.id());
  }
}
