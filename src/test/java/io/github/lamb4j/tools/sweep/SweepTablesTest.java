package io.github.lamb4j.tools.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SweepTablesTest {

  private static final SweepResult RESULT =
      new SweepResult(
          "small",
          "cpu",
          3,
          List.of(256, 1024),
          List.of("lamb", "sgd"),
          List.of(0.01, 0.02, 0.04),
          List.of(1L, 2L),
          List.of(
              TinySweep.cell("lamb", 256, 0.01, 1, 0.5, 0.4),
              TinySweep.cell("lamb", 256, 0.01, 2, 0.5, 0.4),
              TinySweep.cell("lamb", 256, 0.02, 1, 0.7, 0.64),
              TinySweep.cell("lamb", 256, 0.02, 2, 0.7, 0.66),
              TinySweep.cell("lamb", 256, 0.04, 1, 0.5, 0.4),
              TinySweep.cell("lamb", 256, 0.04, 2, 0.5, 0.4),
              TinySweep.cell("lamb", 1024, 0.01, 1, 0.5, 0.4),
              TinySweep.cell("lamb", 1024, 0.01, 2, 0.5, 0.4),
              TinySweep.cell("lamb", 1024, 0.02, 1, 0.695, 0.6),
              TinySweep.cell("lamb", 1024, 0.02, 2, 0.695, 0.6),
              TinySweep.cell("lamb", 1024, 0.04, 1, 0.7, 0.5),
              TinySweep.cell("lamb", 1024, 0.04, 2, 0.7, 0.5),
              TinySweep.cell("sgd", 256, 0.01, 1, 0.2, 0.2),
              TinySweep.cell("sgd", 256, 0.01, 2, 0.2, 0.2),
              TinySweep.cell("sgd", 256, 0.02, 1, 0.3, 0.3),
              TinySweep.diverged("sgd", 256, 0.02, 2),
              TinySweep.diverged("sgd", 256, 0.04, 1),
              TinySweep.diverged("sgd", 256, 0.04, 2),
              TinySweep.diverged("sgd", 1024, 0.01, 1),
              TinySweep.diverged("sgd", 1024, 0.01, 2),
              TinySweep.diverged("sgd", 1024, 0.02, 1),
              TinySweep.diverged("sgd", 1024, 0.02, 2),
              TinySweep.diverged("sgd", 1024, 0.04, 1),
              TinySweep.diverged("sgd", 1024, 0.04, 2)),
          List.of(
              TinySweep.cell("lamb", 256, 0.02, 1, 0.7, 0.64),
              TinySweep.cell("lamb", 256, 0.02, 2, 0.7, 0.66),
              TinySweep.cell("lamb", 1024, 0.04, 1, 0.7, 0.5),
              TinySweep.cell("lamb", 1024, 0.04, 2, 0.7, 0.5),
              TinySweep.cell("sgd", 256, 0.01, 1, 0.2, 0.2),
              TinySweep.cell("sgd", 256, 0.01, 2, 0.2, 0.2),
              TinySweep.cell("sgd", 1024, 0.02, 1, 0.2, 0.2),
              TinySweep.diverged("sgd", 1024, 0.02, 2)));

  private final Locale before = Locale.getDefault();

  @BeforeEach
  void useALocaleWithACommaInNumbers() {
    Locale.setDefault(Locale.GERMANY);
  }

  @AfterEach
  void restoreTheLocale() {
    Locale.setDefault(before);
  }

  private static void assertLines(String expected, String table) {
    assertEquals(expected.lines().toList(), table.lines().toList());
  }

  @Test
  void shouldTabulateRatesThatWereCarriedOver() {
    assertLines(
        """
        Rates tuned at batch 256, times the square root of the ratio of batch sizes; 3 epochs

        optimizer   batch        lr  accuracy                macro-F1
        LAMB          256    0.0200  0.6500 (0.6400-0.6600)  0.3250 (0.3200-0.3300)
        LAMB         1024    0.0400  0.5000 (0.5000-0.5000)  0.2500 (0.2500-0.2500)
        SGD           256    0.0100  0.2000 (0.2000-0.2000)  0.1000 (0.1000-0.1000)
        SGD          1024    0.0200  1 of 2 diverged         1 of 2 diverged
        """,
        SweepTables.transfer(RESULT));
  }

  @Test
  void shouldTabulateTheRangesOfRates() {
    assertLines(
        """
        Rates within one point of the best accuracy; 3 rates

        optimizer   batch   best lr  accuracy                 within one point   factor  decades
        LAMB          256    0.0200  0.6500 (0.6400-0.6600)    0.0200 - 0.0200        1      0.0
        LAMB         1024    0.0400  0.5000 (0.5000-0.5000)    0.0200 - 0.0400       2+      0.3
        SGD           256    0.0100  0.2000 (0.2000-0.2000)    0.0100 - 0.0100       1+      0.0
        SGD          1024    0.0100  2 of 2 diverged           0.0100 - 0.0400       4+      0.6

        + up to the end of the grid
        """,
        SweepTables.tolerance(RESULT));
  }
}
