package io.github.lamb4j.mutation;

import java.util.ArrayList;
import java.util.List;

/**
 * The kernels with one instruction changed.
 *
 * @param id its number among all mutants of a text
 * @param line the index of the changed line
 * @param before the original line
 * @param after the changed line; a comment if the instruction was removed
 */
record Mutant(int id, String kernel, Kind kind, int line, String before, String after) {

  /** The whole text with the change. */
  String text(List<String> lines) {
    List<String> changed = new ArrayList<>(lines);
    changed.set(line, after);
    return String.join("\n", changed) + "\n";
  }
}
