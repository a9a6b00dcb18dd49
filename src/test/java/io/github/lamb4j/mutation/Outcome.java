package io.github.lamb4j.mutation;

/**
 * What became of a mutant.
 *
 * @param scenario the first that failed
 * @param how what it failed by
 */
record Outcome(int mutant, Fate fate, String scenario, String how, long millis) {

  enum Fate {
    INVALID,
    KILLED,
    SURVIVED
  }

  String line() {
    return String.join(
        "\t", "" + mutant, "" + fate, scenario, how.replaceAll("\\s+", " "), "" + millis);
  }

  static Outcome parse(String line) {
    String[] part = line.split("\t");
    return new Outcome(
        Integer.parseInt(part[0]),
        Fate.valueOf(part[1]),
        part[2],
        part[3],
        Long.parseLong(part[4]));
  }
}
