package io.github.lamb4j.tools.train;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GlossesTest {

  @Test
  void shouldReadEveryGlossOfWordNet() {
    assertEquals(117_791, WordNet.GLOSSES.size());
    assertEquals(
        new Gloss(
            3,
            "that which is perceived or known or inferred to have its own distinct existence"
                + " (living or nonliving)"),
        WordNet.GLOSSES.get(0));
  }

  @Test
  void shouldFindAllFortyFiveClasses() {
    int[] counts = Examples.of(WordNet.GLOSSES, new Tokenizer(2)).counts(Glosses.CLASSES.size());
    assertEquals(45, counts.length);
    assertTrue(Arrays.stream(counts).allMatch(count -> count > 0));
    assertEquals(14_460, counts[Glosses.CLASSES.indexOf("adj.all")]);
    assertEquals(11_073, counts[Glosses.CLASSES.indexOf("noun.person")]);
    assertEquals(3_625, counts[Glosses.CLASSES.indexOf("adv.all")]);
    assertEquals(42, counts[Glosses.CLASSES.indexOf("noun.motive")]);
    assertEquals(81, counts[Glosses.CLASSES.indexOf("verb.weather")]);
    assertEquals(60, counts[Glosses.CLASSES.indexOf("adj.ppl")]);
  }

  @Test
  void shouldKeepOnlyTheGlossOfASynset() {
    assertFalse(WordNet.GLOSSES.stream().anyMatch(gloss -> gloss.text().contains("|")));
    assertTrue(WordNet.GLOSSES.stream().noneMatch(gloss -> gloss.text().isBlank()));
  }

  @Test
  void shouldFindTextsThatSeveralSynsetsShare() {
    Map<String, Long> synsets =
        WordNet.GLOSSES.stream().collect(groupingBy(Gloss::text, counting()));
    assertEquals(363, synsets.values().stream().filter(count -> count > 1).count());
  }

  @Test
  void shouldSkipTheLicense() throws IOException {
    String file =
        "  1 This software and database is being provided | to you\n"
            + "00001740 29 v 01 breathe 0 000 | draw air into; \"He breathed\"  \n";
    assertEquals(
        List.of(new Gloss(29, "draw air into; \"He breathed\"")),
        Glosses.read("data.verb", new StringReader(file)));
  }

  @Test
  void shouldNameTheLineThatIsNotASynset() {
    for (String line : List.of("00001740 29 v 01 breathe 0 000", "| x", "00001740 2x v | x")) {
      Exception e =
          assertThrows(
              IllegalStateException.class,
              () -> Glosses.read("data.verb", new StringReader("  license\n" + line + "\n")));
      assertTrue(e.getMessage().contains("data.verb line 2"), e.getMessage());
    }
  }

  @Test
  void shouldRefuseALexicographerFileThatDoesNotExist() {
    Exception e =
        assertThrows(
            IllegalStateException.class,
            () -> Glosses.read("data.noun", new StringReader("00001740 45 n 01 x 0 000 | y\n")));
    assertTrue(e.getMessage().contains("45"), e.getMessage());
  }
}
