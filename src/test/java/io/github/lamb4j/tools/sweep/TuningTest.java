package io.github.lamb4j.tools.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TuningTest {

  private static final List<Double> RATES = List.of(1.0, 2.0, 4.0, 8.0, 16.0);

  /** One run for each rate, with its accuracy on the validation examples. */
  private static Tuning tuning(double... validation) {
    List<SweepCell> grid = new ArrayList<>();
    for (int i = 0; i < validation.length; i++) {
      // The held-out examples would choose the opposite.
      grid.add(TinySweep.cell("lamb", 64, RATES.get(i), 1, validation[i], 1 - validation[i]));
      grid.add(TinySweep.cell("lamb", 128, RATES.get(i), 1, 0.9, 0.9));
      grid.add(TinySweep.cell("sgd", 64, RATES.get(i), 1, 0.9, 0.9));
    }
    return Tuning.of(grid, RATES, "lamb", 64);
  }

  private static void assertRange(double lowest, double highest, Tuning tuning) {
    assertEquals(lowest, tuning.lowestRate());
    assertEquals(highest, tuning.highestRate());
  }

  @Test
  void shouldChooseTheBestRateByValidationExamples() {
    Tuning tuning = tuning(0.1, 0.2, 0.7, 0.5, 0.3);
    assertEquals(4, tuning.bestRate());
    assertEquals(0.7, tuning.runs().get(0).validationAccuracy());
    assertRange(4, 4, tuning);
    assertEquals(1, tuning.factor());
    assertEquals(0, tuning.decades());
    assertFalse(tuning.touchesEnd());
  }

  @Test
  void shouldChooseTheLowestOfEquals() {
    Tuning tuning = tuning(0.1, 0.7, 0.3, 0.7, 0.1);
    assertEquals(2, tuning.bestRate());
    assertRange(2, 2, tuning);
  }

  @Test
  void shouldFindTheRangeWithinOnePoint() {
    Tuning tuning = tuning(0.68, 0.691, 0.70, 0.691, 0.68);
    assertRange(2, 8, tuning);
    assertEquals(4, tuning.factor());
    assertEquals(Math.log10(4), tuning.decades());
    assertFalse(tuning.touchesEnd());
  }

  @Test
  void shouldEndTheRangeAtAGap() {
    assertRange(4, 8, tuning(0.70, 0.5, 0.70001, 0.695, 0.5));
    assertRange(1, 2, tuning(0.70, 0.695, 0.5, 0.7, 0.7));
  }

  @Test
  void shouldSayIfTheRangeTouchesAnEnd() {
    assertTrue(tuning(0.695, 0.7, 0.1, 0.1, 0.1).touchesEnd());
    assertTrue(tuning(0.1, 0.1, 0.1, 0.7, 0.695).touchesEnd());
    assertTrue(tuning(0.1, 0.1, 0.1, 0.1, 0.7).touchesEnd());
    assertFalse(tuning(0.1, 0.7, 0.695, 0.7, 0.1).touchesEnd());
  }

  @Test
  void shouldCountADivergedRunAsAccuracyZero() {
    List<SweepCell> grid =
        List.of(
            TinySweep.cell("lamb", 64, 1, 1, 0.4, 0.4),
            TinySweep.cell("lamb", 64, 1, 2, 0.5, 0.5),
            TinySweep.cell("lamb", 64, 2, 1, 0.8, 0.8),
            TinySweep.diverged("lamb", 64, 2, 2));
    Tuning tuning = Tuning.of(grid, List.of(1.0, 2.0), "lamb", 64);
    assertEquals(1, tuning.bestRate());
    assertEquals(grid.subList(0, 2), tuning.runs());
  }

  @Test
  void shouldTakeTheLowestRateIfAllDiverge() {
    List<SweepCell> grid =
        List.of(TinySweep.diverged("lamb", 64, 1, 1), TinySweep.diverged("lamb", 64, 2, 1));
    Tuning tuning = Tuning.of(grid, List.of(1.0, 2.0), "lamb", 64);
    assertEquals(1, tuning.bestRate());
    assertRange(1, 2, tuning);
    assertTrue(tuning.touchesEnd());
  }
}
