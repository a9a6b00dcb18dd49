package io.github.lamb4j.mutation;

import java.util.ArrayList;
import java.util.List;

/**
 * The kernels with one instruction changed.
 *
 * @param id its number among all mutants of a text
 * @param line the changed line's index
 * @param before the line as it was
 * @param after the line as it is; a comment if it was dropped
 */
record Mutant(int id, String kernel, Kind kind, int line, String before, String after) {

  /** The whole text with the change in it. */
  String text(List<String> lines) {
    List<String> changed = new ArrayList<>(lines);
    changed.set(line, after);
    return String.join("\n", changed) + "\n";
  }
}
