package io.github.lamb4j.mutation;

/**
 * The result of trying a mutant.
 *
 * @param test the first test that failed
 * @param how why it failed
 */
record Outcome(int mutant, Fate fate, String test, String how, long millis) {

  enum Fate {
    INVALID,
    KILLED,
    SURVIVED
  }

  String line() {
    return String.join(
        "\t", "" + mutant, "" + fate, test, how.replaceAll("\\s+", " "), "" + millis);
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
