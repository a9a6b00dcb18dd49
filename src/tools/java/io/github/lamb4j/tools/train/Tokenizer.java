package io.github.lamb4j.tools.train;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Turns text into a bag of bucket numbers: the hash of each word and of each pair of adjacent
 * words.
 *
 * <p>A word is a lower-case run of letters and digits; it may contain apostrophes between them.
 * Words in the same bucket share an embedding.
 */
public final class Tokenizer {

  private final int buckets;

  /**
   * @param buckets the number of buckets, a power of two
   */
  public Tokenizer(int buckets) {
    if (Integer.bitCount(buckets) != 1) {
      throw new IllegalArgumentException(buckets + " buckets: give a power of two");
    }
    this.buckets = buckets;
  }

  /** The buckets of a text's words, followed by those of its pairs; empty without words. */
  public int[] bucketsOf(String text) {
    List<String> words = words(text);
    int[] result = new int[Math.max(0, 2 * words.size() - 1)];
    for (int i = 0; i < words.size(); i++) {
      result[i] = bucketOf(words.get(i));
    }
    for (int i = 1; i < words.size(); i++) {
      result[words.size() + i - 1] = bucketOf(words.get(i - 1) + ' ' + words.get(i));
    }
    return result;
  }

  static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    String lower = text.toLowerCase(Locale.ROOT);
    for (int i = 0; i < lower.length(); i += Character.charCount(lower.codePointAt(i))) {
      int c = lower.codePointAt(i);
      if (Character.isLetterOrDigit(c) || isInnerApostrophe(lower, i, word)) {
        word.appendCodePoint(c);
      } else if (word.length() > 0) {
        words.add(word.toString());
        word.setLength(0);
      }
    }
    if (word.length() > 0) {
      words.add(word.toString());
    }
    return words;
  }

  private static boolean isInnerApostrophe(String text, int at, StringBuilder word) {
    return text.charAt(at) == '\''
        && word.length() > 0
        && at + 1 < text.length()
        && Character.isLetterOrDigit(text.codePointAt(at + 1));
  }

  private int bucketOf(String token) {
    return hash(token) & (buckets - 1);
  }

  /** The 32-bit FNV-1a hash of the text's UTF-8 bytes. */
  static int fnv1a(String text) {
    int hash = 0x811c9dc5;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x01000193;
    }
    return hash;
  }

  /**
   * FNV-1a with MurmurHash3's finalizer, because the low bits of FNV-1a depend only on the low bits
   * of each byte.
   */
  static int hash(String text) {
    int h = fnv1a(text);
    h = (h ^ (h >>> 16)) * 0x85ebca6b;
    h = (h ^ (h >>> 13)) * 0xc2b2ae35;
    return h ^ (h >>> 16);
  }
}
