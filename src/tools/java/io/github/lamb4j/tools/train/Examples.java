package io.github.lamb4j.tools.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Tokenized glosses with their classes.
 *
 * @param tokens the buckets of each example's tokens
 * @param labels the class of each example
 */
public record Examples(int[][] tokens, int[] labels) {

  private static final int HELD_OUT = 0;
  private static final int VALIDATION = 1;

  /** Training and held-out examples. */
  public record Split(Examples train, Examples heldOut) {}

  /**
   * As {@link Split}, with validation examples to choose settings by, which are neither trained on
   * nor held out.
   */
  public record Parts(Examples train, Examples validation, Examples heldOut) {}

  /** The number of examples. */
  public int size() {
    return labels.length;
  }

  /** The number of examples of each of {@code classes} classes. */
  public int[] counts(int classes) {
    int[] counts = new int[classes];
    for (int label : labels) {
      counts[label]++;
    }
    return counts;
  }

  /**
   * Holds out one gloss in ten, by a hash of the seed and the text. 363 texts are glosses of
   * several synsets; hashing the text keeps all copies on the same side.
   *
   * @param limit the number of glosses to keep, chosen at random from the seed
   */
  public static Split split(List<Gloss> glosses, Tokenizer tokenizer, long seed, int limit) {
    List<Gloss> train = new ArrayList<>();
    List<Gloss> heldOut = new ArrayList<>();
    for (Gloss gloss : keep(glosses, seed, limit)) {
      (isHeldOut(gloss.text(), seed) ? heldOut : train).add(gloss);
    }
    return new Split(of(train, tokenizer), of(heldOut, tokenizer));
  }

  /**
   * Holds out the same glosses as {@link #split}, and takes another tenth of all for validation.
   *
   * @param limit the number of glosses to keep, chosen at random from the seed
   */
  public static Parts parts(List<Gloss> glosses, Tokenizer tokenizer, long seed, int limit) {
    List<Gloss> train = new ArrayList<>();
    List<Gloss> validation = new ArrayList<>();
    List<Gloss> heldOut = new ArrayList<>();
    for (Gloss gloss : keep(glosses, seed, limit)) {
      switch (tenth(gloss.text(), seed)) {
        case HELD_OUT -> heldOut.add(gloss);
        case VALIDATION -> validation.add(gloss);
        default -> train.add(gloss);
      }
    }
    return new Parts(of(train, tokenizer), of(validation, tokenizer), of(heldOut, tokenizer));
  }

  private static List<Gloss> keep(List<Gloss> glosses, long seed, int limit) {
    if (limit >= glosses.size()) {
      return glosses;
    }
    List<Gloss> shuffled = new ArrayList<>(glosses);
    Collections.shuffle(shuffled, new Random(seed));
    return shuffled.subList(0, limit);
  }

  static boolean isHeldOut(String text, long seed) {
    return tenth(text, seed) == HELD_OUT;
  }

  private static int tenth(String text, long seed) {
    return Math.floorMod(Tokenizer.hash(seed + " " + text), 10);
  }

  static Examples of(List<Gloss> glosses, Tokenizer tokenizer) {
    int[][] tokens = new int[glosses.size()][];
    int[] labels = new int[glosses.size()];
    for (int i = 0; i < labels.length; i++) {
      tokens[i] = tokenizer.bucketsOf(glosses.get(i).text());
      labels[i] = glosses.get(i).label();
    }
    return new Examples(tokens, labels);
  }
}
