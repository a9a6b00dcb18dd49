package io.github.lamb4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ScoresTest {

  // Class 0: TP 2, FP 1, FN 1, F1 4/6. Class 1: TP 1, FP 1, FN 1, F1 2/4. Class 2: TP 1, FP 0,
  // FN 0, F1 1. Class 3 neither occurs nor is predicted: F1 0.
  @Test
  void shouldAgreeWithAManualCount() {
    int[] labels = {0, 0, 0, 1, 1, 2};
    int[] predicted = {0, 0, 1, 1, 0, 2};
    Scores scores = Scores.of(predicted, labels, 4);
    assertEquals(4 / 6.0, scores.accuracy(), 1e-15);
    assertEquals((4 / 6.0 + 2 / 4.0 + 1 + 0) / 4, scores.macroF1(), 1e-15);
  }

  @Test
  void shouldScoreZeroForAClassThatIsNeverHit() {
    assertEquals(new Scores(0, 0), Scores.of(new int[] {1, 0}, new int[] {0, 1}, 2));
  }

  @Test
  void shouldScoreTheMostFrequentTrainingClass() {
    Scores scores = Scores.ofMajority(new int[] {1, 5, 5}, new int[] {1, 1, 0, 2});
    assertEquals(0.5, scores.accuracy(), 1e-15);
    assertEquals(2 * 2 / 6.0 / 3, scores.macroF1(), 1e-15);
  }
}
