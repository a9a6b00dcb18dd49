package io.github.lamb4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TokenizerTest {

  private final Tokenizer tokenizer = new Tokenizer(1 << 15);

  @Test
  void shouldSplitAtOtherCharactersThanLettersAndDigits() {
    assertEquals(
        List.of("a", "16th", "century", "city", "state", "he", "said"),
        Tokenizer.words("A 16th-century (city/state); \"he said\""));
  }

  @Test
  void shouldKeepOnlyApostrophesBetweenLetters() {
    assertEquals(
        List.of("the", "dog's", "and", "the", "dogs", "tail", "tis", "o'clock"),
        Tokenizer.words("the dog's and the dogs' tail, 'tis o'clock'"));
  }

  @Test
  void shouldAcceptLettersBeyondAscii() {
    assertEquals(List.of("naïve", "𝐱", "y"), Tokenizer.words("NAÏVE 𝐱 y"));
  }

  @Test
  void shouldReturnNothingWithoutWords() {
    assertEquals(List.of(), Tokenizer.words(""));
    assertEquals(List.of(), Tokenizer.words(" '; -- "));
    assertArrayEquals(new int[0], tokenizer.bucketsOf("..."));
  }

  @Test
  void shouldHashEveryWordAndEveryAdjacentPair() {
    int[] buckets = tokenizer.bucketsOf("a large cat");
    assertEquals(5, buckets.length);
    assertArrayEquals(tokenizer.bucketsOf("CAT"), new int[] {buckets[2]});
    assertEquals(tokenizer.bucketsOf("a large")[2], buckets[3]);
    assertEquals(tokenizer.bucketsOf("large cat")[2], buckets[4]);
  }

  @Test
  void shouldStayWithinTheNumberOfBuckets() {
    Tokenizer few = new Tokenizer(4);
    for (int bucket : few.bucketsOf("of or relating to or characteristic of a very large cat")) {
      assertTrue(bucket >= 0 && bucket < 4);
    }
  }

  @Test
  void shouldRejectBucketCountsThatAreNotAPowerOfTwo() {
    assertThrows(IllegalArgumentException.class, () -> new Tokenizer(1000));
    assertThrows(IllegalArgumentException.class, () -> new Tokenizer(0));
  }

  // Test vectors of the FNV draft.
  @Test
  void shouldHashAsFnv1a() {
    assertEquals(0x811c9dc5, Tokenizer.fnv1a(""));
    assertEquals(0xe40c292c, Tokenizer.fnv1a("a"));
    assertEquals(0xbf9cf968, Tokenizer.fnv1a("foobar"));
  }
}
