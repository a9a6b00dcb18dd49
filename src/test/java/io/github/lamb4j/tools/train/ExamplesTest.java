package io.github.lamb4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExamplesTest {

  private final Tokenizer tokenizer = new Tokenizer(16);

  @Test
  void shouldHoldOutOneInTen() {
    Examples.Split split = Examples.split(WordNet.GLOSSES, tokenizer, 1, Integer.MAX_VALUE);
    assertEquals(117_791, split.train().size() + split.heldOut().size());
    assertEquals(0.1, split.heldOut().size() / 117_791.0, 0.003);
  }

  @Test
  void shouldNeverHaveTheSameTextOnBothSides() {
    Gloss gloss = new Gloss(3, "a word");
    Gloss twin = new Gloss(4, "a word");
    for (long seed = 0; seed < 40; seed++) {
      Examples.Split split =
          Examples.split(List.of(gloss, twin), tokenizer, seed, Integer.MAX_VALUE);
      assertEquals(2, Math.max(split.train().size(), split.heldOut().size()));
    }
  }

  @Test
  void shouldSplitByTheSeed() {
    int same = 0;
    for (Gloss gloss : WordNet.GLOSSES) {
      if (Examples.isHeldOut(gloss.text(), 1) && Examples.isHeldOut(gloss.text(), 2)) {
        same++;
      }
    }
    assertEquals(0.01, same / 117_791.0, 0.002);
  }

  @Test
  void shouldTakeValidationExamplesFromThoseToTrainOn() {
    Examples.Split split = Examples.split(WordNet.GLOSSES, tokenizer, 1, 20_000);
    Examples.Parts parts = Examples.parts(WordNet.GLOSSES, tokenizer, 1, 20_000);
    assertArrayEquals(split.heldOut().tokens(), parts.heldOut().tokens());
    assertArrayEquals(split.heldOut().labels(), parts.heldOut().labels());
    assertEquals(split.train().size(), parts.train().size() + parts.validation().size());
    assertEquals(0.1, parts.validation().size() / 20_000.0, 0.005);
  }

  @Test
  void shouldNeverValidateWithATextToTrainOn() {
    List<Gloss> twins = List.of(new Gloss(3, "a word"), new Gloss(4, "a word"));
    int validated = 0;
    for (long seed = 0; seed < 40; seed++) {
      Examples.Parts parts = Examples.parts(twins, tokenizer, seed, Integer.MAX_VALUE);
      int together = Math.max(parts.train().size(), parts.validation().size());
      assertEquals(2, Math.max(together, parts.heldOut().size()));
      validated += parts.validation().size();
    }
    assertTrue(validated > 0);
  }

  @Test
  void shouldKeepTheRequestedNumberAtRandom() {
    Examples.Split one = Examples.split(WordNet.GLOSSES, tokenizer, 1, 1000);
    Examples.Split again = Examples.split(WordNet.GLOSSES, tokenizer, 1, 1000);
    Examples.Split other = Examples.split(WordNet.GLOSSES, tokenizer, 2, 1000);
    assertEquals(1000, one.train().size() + one.heldOut().size());
    assertArrayEquals(one.train().labels(), again.train().labels());
    assertNotEquals(
        List.of(one.train().labels()[0], one.train().labels()[1], one.train().labels()[2]),
        List.of(other.train().labels()[0], other.train().labels()[1], other.train().labels()[2]));
    assertTrue(one.train().counts(45)[0] > 0);
  }
}
