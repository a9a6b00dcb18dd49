package io.github.lamb4j.internal.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Round numbers within a range. */
class TicksTest {

  private static final int COUNT = 5;

  @Test
  void shouldChooseMultiplesOfOneTwoOrFive() {
    assertEquals(List.of(0.0, 20.0, 40.0, 60.0, 80.0, 100.0), Ticks.of(false, 0, 100, COUNT));
    assertEquals(List.of(0.1, 0.15, 0.2, 0.25, 0.3), Ticks.of(false, 0.09, 0.31, COUNT));
    assertEquals(List.of(-1.0, -0.5, 0.0, 0.5, 1.0), Ticks.of(false, -1.1, 1.1, COUNT));
  }

  @Test
  void shouldChoosePowersOfTen() {
    assertEquals(List.of(0.001, 0.01, 0.1, 1.0), Ticks.of(true, -3.1, 0.9, COUNT));
    List<Double> sparse = Ticks.of(true, -300, 300, COUNT);
    assertTrue(sparse.size() >= 4 && sparse.size() <= 7, sparse.toString());
    assertTrue(sparse.contains(1.0), sparse.toString());
  }

  @Test
  void shouldLabelLogarithmicRangesWithinADecade() {
    assertEquals(List.of(2.0, 5.0), Ticks.of(true, Math.log10(1.5), Math.log10(6), COUNT));
    List<Double> narrow = Ticks.of(true, Math.log10(1.01), Math.log10(1.09), COUNT);
    assertTrue(narrow.size() >= 3, narrow.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1e-300",
    "1, 1.0000000000000002",
    "1e300, 1.0000001e300",
    "-1e300, 1e300",
    "0, 4.9e-324",
    "123456789, 123456790"
  })
  void shouldStayFewAndWithinAnyRange(double low, double high) {
    List<Double> ticks = Ticks.of(false, low, high, COUNT);
    assertFalse(ticks.isEmpty());
    assertTrue(ticks.size() <= COUNT + 1, ticks.toString());
    for (double tick : ticks) {
      assertTrue(tick >= low && tick <= high, ticks.toString());
    }
  }
}
